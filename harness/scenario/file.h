// Reads a text file whole.
#pragma once

#include <string>

#include "base/result.h"

namespace lastack {

// Errors: kScenario with the path and the reason.
[[nodiscard]] Result<std::string> ReadTextFile(const std::string& path);

}  // namespace lastack

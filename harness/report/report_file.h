// Where a report goes: a file, written whole or not at all, or (`-`) stdout.
#pragma once

#include <string>

#include "base/result.h"

namespace lastack {

[[nodiscard]] Status WriteReport(const std::string& path, const std::string& text);

}  // namespace lastack

// The manual page lastack(1), in the man macros; its options are those that there are.
#pragma once

#include <string>
#include <vector>

#include "cli/option_table.h"

namespace lastack {

[[nodiscard]] std::string ManualPage(const std::vector<CommandEntry>& commands);

}  // namespace lastack

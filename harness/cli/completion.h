// Completion scripts for shells, made from the commands and options that there are.
#pragma once

#include <string>
#include <vector>

#include "cli/option_table.h"

namespace lastack {

[[nodiscard]] std::string BashCompletion(const std::vector<CommandEntry>& commands);
[[nodiscard]] std::string ZshCompletion(const std::vector<CommandEntry>& commands);
[[nodiscard]] std::string FishCompletion(const std::vector<CommandEntry>& commands);

}  // namespace lastack

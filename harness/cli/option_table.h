// The commands and options of the program as plain data, read from the command line's own
// definition: what completions and the manual page are made from, so that they are never stale.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace lastack {

struct OptionEntry {
  std::vector<std::string> names;  // "-q", "--quiet"; of a positional "PATH" alone
  std::string description;
  std::string value;                 // "DIR"; empty: takes none
  std::vector<std::string> choices;  // the values there are; empty: any
  bool is_positional = false;
  bool is_repeatable = false;
  bool is_path = false;  // its value is a file or a folder
};

struct CommandEntry {
  std::string name;  // empty: the program itself
  std::string description;
  std::string footer;
  std::vector<OptionEntry> options;
};

// The program itself first, then its commands without the hidden ones.
[[nodiscard]] std::vector<CommandEntry> ListCommands(const CLI::App& app);

}  // namespace lastack

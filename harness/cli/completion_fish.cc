#include <fmt/format.h>

#include "base/strings.h"
#include "cli/completion.h"

namespace lastack {
namespace {

std::string Quoted(const std::string& text) {
  std::string quoted;
  for (const char c : text) {
    quoted += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  }
  return "'" + quoted + "'";
}

std::string Line(const std::string& when, const OptionEntry& option) {
  std::string line = "complete -c lastack -n '" + when + "'";
  if (option.is_positional) {
    return option.is_path ? line + " -F\n" : "";
  }
  for (const std::string& name : option.names) {
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  if (!option.choices.empty()) {
    line += " -x -a " + Quoted(Join(option.choices, " "));
  } else if (!option.value.empty()) {
    line += option.is_path ? " -r -F" : " -x";
  }
  return line + " -d " + Quoted(option.description) + "\n";
}

}  // namespace

std::string FishCompletion(const std::vector<CommandEntry>& commands) {
  std::string text = "# fish completion of lastack\ncomplete -c lastack -f\n";
  for (const CommandEntry& command : commands) {
    const std::string when = command.name.empty() ? "__fish_use_subcommand"
                                                  : "__fish_seen_subcommand_from " + command.name;
    if (!command.name.empty()) {
      text += fmt::format("complete -c lastack -n __fish_use_subcommand -a {} -d {}\n",
                          command.name,
                          Quoted(command.description));
    }
    for (const OptionEntry& option : command.options) {
      text += Line(when, option);
    }
  }
  return text;
}

}  // namespace lastack

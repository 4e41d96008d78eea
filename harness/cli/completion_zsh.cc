#include <fmt/format.h>

#include "base/strings.h"
#include "cli/completion.h"

namespace lastack {
namespace {

// Within single quotes, where `special` characters have a meaning for _arguments or _describe.
std::string Quoted(const std::string& text, const std::string& special) {
  std::string quoted;
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else if (special.find(c) != std::string::npos) {
      quoted += std::string("\\") + c;
    } else {
      quoted += c;
    }
  }
  return quoted;
}

std::string Action(const OptionEntry& option) {
  if (!option.choices.empty()) {
    return "(" + Join(option.choices, " ") + ")";
  }
  return option.is_path ? "_files" : " ";
}

std::string Spec(const OptionEntry& option) {
  if (option.is_positional) {
    return fmt::format(
        "'{}:{}:{}'", option.is_repeatable ? "*" : "", Quoted(option.value, ":"), Action(option));
  }
  const std::string value =
      option.value.empty() ? "" : ":" + Quoted(option.value, ":") + ":" + Action(option);
  const std::string rest = "[" + Quoted(option.description, "[]:\\") + "]" + value + "'";
  if (option.is_repeatable) {
    std::vector<std::string> specs;
    for (const std::string& name : option.names) {
      specs.push_back("'*" + name + rest);
    }
    return Join(specs, " ");
  }
  if (option.names.size() == 1) {
    return "'" + option.names.front() + rest;
  }
  return fmt::format("'({})'{{{}}}'{}", Join(option.names, " "), Join(option.names, ","), rest);
}

std::string Arguments(const CommandEntry& command) {
  std::string text = "_arguments -S";
  for (const OptionEntry& option : command.options) {
    text += " \\\n        " + Spec(option);
  }
  return text;
}

}  // namespace

std::string ZshCompletion(const std::vector<CommandEntry>& commands) {
  std::string described;
  std::string cases;
  for (const CommandEntry& command : commands) {
    if (command.name.empty()) {
      continue;
    }
    described += fmt::format(
        "      '{}:{}'\n", Quoted(command.name, ":\\"), Quoted(command.description, ":\\"));
    cases += fmt::format("    {})\n      {} ;;\n", command.name, Arguments(command));
  }
  return "#compdef lastack\n"
         "# zsh completion of lastack\n"
         "_lastack() {\n"
         "  if ((CURRENT == 2)); then\n"
         "    local -a commands=(\n" +
         described +
         "    )\n"
         "    _describe command commands\n"
         "    " +
         Arguments(commands.front()) +
         "\n"
         "    return\n"
         "  fi\n"
         "  local command=$words[2]\n"
         "  shift words\n"
         "  ((CURRENT--))\n"
         "  case $command in\n" +
         cases +
         "  esac\n"
         "}\n"
         "if [[ $funcstack[1] == _lastack ]]; then\n"
         "  _lastack \"$@\"\n"
         "else\n"
         "  compdef _lastack lastack\n"
         "fi\n";
}

}  // namespace lastack

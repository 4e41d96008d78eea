#include <fmt/format.h>

#include "base/strings.h"
#include "cli/completion.h"

namespace lastack {
namespace {

constexpr const char* kBegin = R"(# bash completion of lastack
_lastack() {
  local current=$2 previous=$3 command=${COMP_WORDS[1]} words='' files='' i
  COMPREPLY=()
  if [[ $current == '=' ]]; then  # "--color=", split by bash
    current=''
  elif [[ $previous == '=' ]]; then
    previous=${COMP_WORDS[COMP_CWORD-2]}
  fi
  if ((COMP_CWORD == 1)); then
    command=''
  fi
  for ((i = 2; i < COMP_CWORD; i++)); do
    if [[ ${COMP_WORDS[i]} == '--' ]]; then  # the command line of another program
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return
    fi
  done
)";

constexpr const char* kEnd = R"(  esac
  if [[ -n $words ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  fi
  if [[ -n $files && $current != -* ]]; then
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}
complete -F _lastack lastack
)";

// What may stand after an option that takes a value.
std::string Values(const CommandEntry& command) {
  std::string text;
  for (const OptionEntry& option : command.options) {
    if (option.value.empty() || option.is_positional) {
      continue;
    }
    std::vector<std::string> patterns;
    for (const std::string& name : option.names) {
      patterns.push_back("'" + command.name + "':" + name);
    }
    std::string action = "return";  // anything
    if (!option.choices.empty()) {
      action = "words='" + Join(option.choices, " ") + "'";
    } else if (option.is_path) {
      action = "files=1";
    }
    text += fmt::format("    {}) {} ;;\n", Join(patterns, "|"), action);
  }
  return text;
}

std::string Words(const CommandEntry& command) {
  std::vector<std::string> words;
  std::string files;
  for (const OptionEntry& option : command.options) {
    if (option.is_positional) {
      files = option.is_path ? " files=1" : files;
    } else {
      words.insert(words.end(), option.names.begin(), option.names.end());
    }
  }
  return fmt::format("    '{}':*) words='{}'{} ;;\n", command.name, Join(words, " "), files);
}

}  // namespace

std::string BashCompletion(const std::vector<CommandEntry>& commands) {
  std::string text = kBegin;
  text += "  case $command:$previous in\n";
  for (const CommandEntry& command : commands) {
    text += Values(command);
  }
  for (const CommandEntry& command : commands) {
    if (!command.name.empty()) {
      text += Words(command);
    }
  }
  CommandEntry program = commands.front();
  for (const CommandEntry& command : commands) {
    if (!command.name.empty()) {
      program.options.push_back({.names = {command.name}});
    }
  }
  return text + Words(program) + kEnd;
}

}  // namespace lastack

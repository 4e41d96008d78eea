#include "cli/option_table.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <CLI/CLI.hpp>

#include "base/strings.h"

namespace lastack {
namespace {

// Names of values that are files or folders.
constexpr std::array<std::string_view, 5> kPaths = {"F", "FILE", "DIR", "PATH", "PROGRAM"};

// The choices that CLI::IsMember shows in the name of a type: "TEXT:{auto,always,never}".
std::vector<std::string> Choices(const std::string& type) {
  const size_t open = type.find('{');
  const size_t close = type.find('}');
  if (open == std::string::npos || close == std::string::npos) {
    return {};
  }
  return Split(type.substr(open + 1, close - open - 1), ',');
}

// "N" of "N:INT in [1 - 256]".
std::string ValueName(const std::string& type) {
  return type.substr(0, type.find_first_of(": "));
}

OptionEntry Entry(const CLI::Option& option) {
  OptionEntry entry{.description = option.get_description(),
                    .is_positional = option.get_positional()};
  for (const std::string& name : option.get_snames()) {
    entry.names.push_back("-" + name);
  }
  for (const std::string& name : option.get_lnames()) {
    entry.names.push_back("--" + name);
  }
  if (entry.is_positional) {
    entry.names = {option.get_name(true)};
  }
  if (option.get_items_expected_max() > 0) {
    const std::string type = option.get_type_name();
    entry.value = entry.is_positional ? entry.names.front() : ValueName(type);
    entry.choices = Choices(type);
    entry.is_repeatable = option.get_items_expected_max() > 1;
    entry.is_path = std::find(kPaths.begin(), kPaths.end(), entry.value) != kPaths.end();
  }
  return entry;
}

CommandEntry Entry(const CLI::App& app) {
  CommandEntry entry{.name = app.get_parent() == nullptr ? "" : app.get_name(),
                     .description = app.get_description(),
                     .footer = app.get_footer()};
  for (const CLI::Option* option : app.get_options([](const CLI::Option*) { return true; })) {
    if (!option->get_group().empty()) {
      entry.options.push_back(Entry(*option));
    }
  }
  return entry;
}

}  // namespace

std::vector<CommandEntry> ListCommands(const CLI::App& app) {
  std::vector<CommandEntry> commands = {Entry(app)};
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!command->get_group().empty()) {
      commands.push_back(Entry(*command));
    }
  }
  return commands;
}

}  // namespace lastack

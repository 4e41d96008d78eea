// `lastack completion SHELL` and `lastack manual`: what is installed beside the program, made from
// its own command line. Not in --help: packages call them.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/manual.h"
#include "cli/option_table.h"

namespace lastack {

Command AddCompletionCommand(CLI::App* app) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = app->add_subcommand("completion", "print a completion script for a shell");
  command->group("");
  command->add_option("SHELL", *shell)->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  return {[command] { return command->parsed(); },
          [app, shell] {
            const std::vector<CommandEntry> commands = ListCommands(*app);
            fmt::print("{}",
                       *shell == "bash"  ? BashCompletion(commands)
                       : *shell == "zsh" ? ZshCompletion(commands)
                                         : FishCompletion(commands));
            return 0;
          }};
}

Command AddManualCommand(CLI::App* app) {
  CLI::App* command = app->add_subcommand("manual", "print the manual page");
  command->group("");
  return {[command] { return command->parsed(); },
          [app] {
            fmt::print("{}", ManualPage(ListCommands(*app)));
            return 0;
          }};
}

}  // namespace lastack

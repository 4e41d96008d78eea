// `lastack rebind`: restart-to-rebind time.
#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/rebind_server.h"

namespace lastack {

Command AddRebindCommand(CLI::App* app, int stop_fd) {
  auto arguments = std::make_shared<ServerRebindArguments>();
  CLI::App* command = app->add_subcommand("rebind", "measure how long until a server is back");
  AddServerRebindOptions(command, arguments.get());
  command
      ->add_option("--evidence", arguments->evidence, "folder for captures, states and the result")
      ->type_name("DIR");
  command
      ->add_option("--json", arguments->json, "write lastack.restart/1 to a file, or - for stdout")
      ->type_name("F");
  command->footer(
      "Exit: 0 it is back in time; 1 it is not; 2 wrong usage; 3 it could not be measured;\n"
      "128+n on signal n.");
  return {[command] { return command->parsed(); },
          [arguments, stop_fd] { return RunServerRebind(*arguments, stop_fd); }};
}

}  // namespace lastack

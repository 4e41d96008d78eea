// `lastack rebind`: how long until a server is back.
#include <CLI/CLI.hpp>

#include "cli/commands.h"

namespace lastack {

Command AddRebindCommand(CLI::App* app, [[maybe_unused]] int stop_fd) {
  CLI::App* command =
      app->add_subcommand("rebind", "measure how long it takes until a server is back");
  return {[command] { return command->parsed(); }, [] { return kExitUsage; }};
}

}  // namespace lastack

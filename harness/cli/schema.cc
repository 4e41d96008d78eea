// `lastack schema`: the JSON Schema of the scenario format.
#include "scenario/schema.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/commands.h"

namespace lastack {

Command AddSchemaCommand(CLI::App* app) {
  CLI::App* command =
      app->add_subcommand("schema", "print the JSON Schema of the scenario format, for editors");
  return {[command] { return command->parsed(); },
          [] {
            fmt::print("{}\n", ScenarioSchema());
            return 0;
          }};
}

}  // namespace lastack

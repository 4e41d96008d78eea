// `lastack doctor`: what this machine and user can do, and for each "no" why and what to do.
#include <sys/utsname.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/commands.h"
#include "testbed/capability.h"
#include "testbed/testbed.h"

namespace lastack {
namespace {

int Diagnose() {
  utsname names{};
  uname(&names);
  fmt::print("kernel {} {}\n", names.sysname, names.release);
  bool able = true;
  const Status entered = EnterUserNamespaceIfNeeded();
  if (!entered) {
    fmt::print("{:4} {:14} {}\n     hint: {}\n",
               "NO",
               "namespaces",
               entered.error().message,
               entered.error().hint);
    able = false;
  }
  for (const auto& [program, what] :
       {std::pair{"lastack-host", "the agent inside a host"},
        std::pair{"lastack-wire", "the relay inside a link"},
        std::pair{"lastack-peer", "the process that owns sockets"},
        std::pair{"lastack-rebind", "what lastack rebind measures"}}) {
    const auto path = FindProgram(program);
    fmt::print("{:4} {:14} {}\n", path ? "yes" : "NO", program, path ? what : path.error().message);
    able = able && path.has_value();
  }
  for (const Capability& capability : ProbeCapabilities()) {
    fmt::print(
        "{:4} {:14} {}\n", capability.available ? "yes" : "NO", capability.name, capability.what);
    if (!capability.available) {
      fmt::print(
          "     {:14} why:  {}\n     {:14} hint: {}\n", "", capability.why, "", capability.hint);
      able = able && !capability.required;
    }
  }
  fmt::print("{}\n",
             able ? "scenarios can run here; those that need a NO above are skipped"
                  : "scenarios cannot run here: see what is missing above");
  return able ? 0 : kExitError;
}

}  // namespace

Command AddDoctorCommand(CLI::App* app) {
  CLI::App* command = app->add_subcommand("doctor", "say what this machine and user can do");
  command->footer("Exit: 0 if scenarios can run here, 3 if not.");
  return {[command] { return command->parsed(); }, [] { return Diagnose(); }};
}

}  // namespace lastack

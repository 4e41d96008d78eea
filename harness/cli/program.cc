#include "cli/program.h"

#include <sys/eventfd.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/strings.h"
#include "cli/commands.h"
#include "cli/print_error.h"

namespace lastack {
namespace {

constexpr int kSignalExit = 128;

// Set by the handler, read by main: which signal asked to stop.
std::atomic<int> stop_signal = 0;
std::atomic<int> stop_fd = -1;

void HandleStop(int signal) {
  if (stop_signal.exchange(signal) != 0) {
    _exit(kSignalExit + signal);  // asked twice: at once; the hosts end with this process
  }
  const uint64_t one = 1;
  static_cast<void>(write(stop_fd, &one, sizeof(one)));
}

// A closed pipe (`lastack run | head`) must not end the program before it has ended its hosts.
void InstallSignals() {
  stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  struct sigaction action {};
  action.sa_handler = HandleStop;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    sigaction(signal, &action, nullptr);
  }
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, nullptr);
}

std::string Version() {
  utsname names{};
  uname(&names);
  return fmt::format(
      "lastack {} ({} {} {})", LASTACK_VERSION, names.sysname, names.release, names.machine);
}

// A first word that is no command, which the parser itself would only call a missing one.
bool IsUnknownCommand(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') {
    return false;
  }
  std::vector<std::string> names;  // without those that --help does not show
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_name() == argv[1]) {
      return false;
    }
    if (!command->get_group().empty()) {
      names.push_back(command->get_name());
    }
  }
  const std::string nearest = Nearest(argv[1], names);
  PrintError({ErrorKind::kScenario,
              fmt::format("there is no command '{}'", argv[1]),
              nearest.empty() ? "the commands are " + Join(names, ", ")
                              : "did you mean '" + nearest + "'?"});
  return true;
}

}  // namespace

int Program(int argc, char** argv) {
  InstallSignals();
  CLI::App app("Reproduces, measures and proves how TCP connections close.", "lastack");
  app.set_version_flag("--version", Version());
  app.require_subcommand(1);
  app.get_formatter()->column_width(32);
  const std::array<Command, 10> commands = {AddRunCommand(&app, stop_fd),
                                            AddRebindCommand(&app, stop_fd),
                                            AddJudgeCommand(&app),
                                            AddReportCommand(&app),
                                            AddClaimsCommand(&app, stop_fd),
                                            AddWatchCommand(&app, stop_fd),
                                            AddDoctorCommand(&app),
                                            AddSchemaCommand(&app),
                                            AddCompletionCommand(&app),
                                            AddManualCommand(&app)};
  app.footer("Start with: lastack doctor; lastack run scenarios/normal/active-close-client.yaml");
  if (IsUnknownCommand(app, argc, argv)) {
    return kExitUsage;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  int exit_code = kExitUsage;
  for (const Command& command : commands) {
    if (command.chosen()) {
      exit_code = command.run();
    }
  }
  const int signal = stop_signal;
  return signal == 0 ? exit_code : kSignalExit + signal;
}

}  // namespace lastack

// The commands of the program, one file each. Each adds itself to the command line and later
// returns the exit code.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace lastack {

constexpr int kExitUsage = 2;
constexpr int kExitError = 3;

// What main runs once the command line is parsed.
struct Command {
  std::function<bool()> chosen;
  std::function<int()> run;
};

// `stop_fd` becomes readable when a signal asks the program to end.
[[nodiscard]] Command AddRunCommand(CLI::App* app, int stop_fd);
[[nodiscard]] Command AddRebindCommand(CLI::App* app, int stop_fd);
[[nodiscard]] Command AddJudgeCommand(CLI::App* app);
[[nodiscard]] Command AddReportCommand(CLI::App* app);
[[nodiscard]] Command AddClaimsCommand(CLI::App* app, int stop_fd);
[[nodiscard]] Command AddWatchCommand(CLI::App* app, int stop_fd);
[[nodiscard]] Command AddDoctorCommand(CLI::App* app);
[[nodiscard]] Command AddSchemaCommand(CLI::App* app);
[[nodiscard]] Command AddCompletionCommand(CLI::App* app);
[[nodiscard]] Command AddManualCommand(CLI::App* app);

}  // namespace lastack

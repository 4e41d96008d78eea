// `lastack rebind`: how long until a server is back, for the built-in strategies; for a server of
// the user's see rebind_server.h.
#include <poll.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/fd.h"
#include "cli/commands.h"
#include "cli/print_error.h"
#include "cli/rebind_server.h"
#include "rebind/execute.h"
#include "rebind/plan.h"
#include "rebind/plot.h"
#include "rebind/report.h"
#include "rebind/run_cell.h"
#include "testbed/testbed.h"

namespace lastack {
namespace {

constexpr int kAllSkipped = 4;
constexpr const char* kBuiltInGroup = "Built-in strategies";

struct RebindArguments {
  RebindWishes wishes;
  std::string json;
  std::string plot;
  bool list = false;
  bool quiet = false;
};

int PrintStrategies() {
  for (const Strategy& strategy : AllStrategies()) {
    fmt::print("{:24} {}{}\n",
               strategy.name,
               strategy.what,
               strategy.waits ? " (a minute a sample; only when asked for)" : "");
  }
  return 0;
}

std::string CommandLine() {
  std::string words;
  std::FILE* file = std::fopen("/proc/self/cmdline", "re");
  for (int c = file == nullptr ? EOF : std::fgetc(file); c != EOF; c = std::fgetc(file)) {
    words += c == 0 ? ' ' : static_cast<char>(c);
  }
  if (file != nullptr) {
    std::fclose(file);
  }
  const size_t first = words.find(' ');
  return first == std::string::npos ? words
                                    : "lastack" + words.substr(first, words.rfind(' ') - first);
}

Context ReadContext() {
  utsname names{};
  uname(&names);
  double load = 0;
  getloadavg(&load, 1);
  timespec tick{};
  clock_getres(CLOCK_MONOTONIC_COARSE, &tick);  // one tick of the kernel
  return {.version = LASTACK_VERSION,
          .kernel = fmt::format("{} {} {}", names.sysname, names.release, names.machine),
          .hz = tick.tv_nsec > 0 ? 1'000'000'000 / tick.tv_nsec : 0,
          .cores = std::thread::hardware_concurrency(),
          .load = load,
          .command = CommandLine()};
}

int64_t MostDescriptors() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<int64_t>(limit.rlim_cur);
}

// One line of progress, rewritten on a terminal.
class Progress {
 public:
  Progress(bool quiet, size_t cells) : show_(!quiet && isatty(STDERR_FILENO) == 1), cells_(cells) {}
  ~Progress() { Clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  Progress(Progress&&) = delete;
  Progress& operator=(Progress&&) = delete;

  void Show(const Cell& cell) {
    ++number_;
    if (show_) {
      fmt::print(stderr,
                 "\r\x1b[K[{}/{}] {} {} {} {}",
                 number_,
                 cells_,
                 cell.strategy,
                 ToString(cell.population),
                 FormatCount(cell.count),
                 ToString(cell.death));
      std::fflush(stderr);
    }
  }
  void Clear() const {
    if (show_) {
      fmt::print(stderr, "\r\x1b[K");
      std::fflush(stderr);
    }
  }

 private:
  bool show_;
  size_t cells_;
  size_t number_ = 0;
};

Row MeasureRow(const Cell& cell, const std::string& program, int stop_fd) {
  Row row{.cell = cell, .result = {}, .problem = {}};
  if (FindStrategy(cell.strategy)->successor == Successor::kByTool &&
      FindActivationTool().empty()) {
    row.problem = "systemd-socket-activate is not installed";
    row.skipped = true;
    return row;
  }
  Result<CellResult> result = RunCell(cell, program, stop_fd);
  if (result) {
    row.result = std::move(*result);
  } else {
    const Error& error = result.error();
    row.problem = error.message;
    row.skipped = error.kind == ErrorKind::kUnsupported || error.kind == ErrorKind::kPermission;
  }
  return row;
}

Status WriteFile(const std::string& path, const std::string& text) {
  std::FILE* file = std::fopen(path.c_str(), "we");
  if (file == nullptr) {
    return FailErrno("cannot write " + path);
  }
  const bool written = std::fputs(text.c_str(), file) >= 0;
  if (std::fclose(file) != 0 || !written) {
    return FailErrno("cannot write " + path);
  }
  return {};
}

int Report(const RebindArguments& arguments, const RebindReport& report) {
  fmt::print(arguments.json == "-" ? stderr : stdout, "{}", RebindTable(report));
  const std::string document = RebindDocument(report).dump(1) + "\n";
  Status written;
  if (arguments.json == "-") {
    fmt::print("{}", document);
  } else if (!arguments.json.empty()) {
    written = WriteFile(arguments.json, document);
  }
  if (written && !arguments.plot.empty()) {
    written = WriteFile(arguments.plot, RebindPlot(report));
  }
  if (!written) {
    PrintError(written.error());
    return kExitError;
  }
  size_t skipped = 0;
  for (const Row& row : report.rows) {
    if (OutcomeOf(row) == RowOutcome::kError) {
      return kExitError;
    }
    skipped += OutcomeOf(row) == RowOutcome::kSkipped ? 1 : 0;
  }
  return skipped == report.rows.size() ? kAllSkipped : 0;
}

bool IsReadable(int fd) {
  pollfd one{.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&one, 1, 0) > 0;
}

int MeasureBuiltIn(const RebindArguments& arguments, int stop_fd) {
  if (arguments.list) {
    return PrintStrategies();
  }
  const Result<std::vector<Cell>> cells = PlanCells(arguments.wishes, MostDescriptors());
  if (!cells) {
    PrintError(cells.error());
    return kExitUsage;
  }
  const Result<std::string> program = FindProgram("lastack-rebind");
  Status able = program ? EnterUserNamespaceIfNeeded() : Status(Fail(program.error()));
  if (!able) {
    PrintError(able.error());
    return kExitError;
  }
  RebindReport report;
  report.context = ReadContext();
  Result<NullRun> null_run = RunNull(cells->front().listening, *program, stop_fd);
  if (!null_run) {
    PrintError(null_run.error());
    return kExitError;
  }
  report.null_run = std::move(*null_run);
  {
    const std::vector<Cell> undisturbed = UndisturbedCells(*cells);
    Progress progress(arguments.quiet, undisturbed.size() + cells->size());
    for (const Cell& cell : undisturbed) {
      progress.Show(cell);
      report.undisturbed.push_back(MeasureRow(cell, *program, stop_fd));
    }
    for (const Cell& cell : *cells) {
      progress.Show(cell);
      report.rows.push_back(MeasureRow(cell, *program, stop_fd));
      if (IsReadable(stop_fd)) {
        report.rows.pop_back();
        break;
      }
    }
  }
  return Report(arguments, report);
}

void AddBuiltInOptions(CLI::App* command, RebindArguments* arguments) {
  RebindWishes& wishes = arguments->wishes;
  command->add_option("--strategy", wishes.strategies, "names from --list, comma-separated")
      ->type_name("NAMES")
      ->group(kBuiltInGroup);
  command->add_option("--death", wishes.deaths, "how it ends: kill, term, close")
      ->type_name("LIST")
      ->capture_default_str()
      ->group(kBuiltInGroup);
  command->add_option("--state", wishes.states, "of its connections: time-wait, established")
      ->type_name("LIST")
      ->capture_default_str()
      ->group(kBuiltInGroup);
  command->add_option("--probe", wishes.probe, "try from the death on (spin), or after-exit")
      ->type_name("WHEN")
      ->capture_default_str()
      ->group(kBuiltInGroup);
  command->add_option("--samples", wishes.samples, "deaths for each row")
      ->capture_default_str()
      ->group(kBuiltInGroup);
  command->add_option("--plot", arguments->plot, "draw time over connections, as SVG")
      ->type_name("FILE")
      ->group(kBuiltInGroup);
  command->add_flag("--list", arguments->list, "print the strategies")->group(kBuiltInGroup);
  command->add_flag("-q,--quiet", arguments->quiet, "no progress")->group(kBuiltInGroup);
}

// Options of both; what was not given is each one's own default.
struct SharedArguments {
  std::string connections;
  std::string family;
  std::string within;
  std::string json;
};

void AddSharedOptions(CLI::App* command, SharedArguments* arguments) {
  command
      ->add_option("-n,--connections",
                   arguments->connections,
                   "how many connections it has, or has left: a list such as 0,100,10k,1M; with a "
                   "server of yours one number (default 0,1,100,1k,10k; 100)")
      ->type_name("LIST");
  command
      ->add_option("--family",
                   arguments->family,
                   "v4, v6, dual ([::] with IPv4 clients), as a list; with a server of yours v4 or "
                   "v6 (default v4; as it listens)")
      ->type_name("LIST");
  command
      ->add_option("--within",
                   arguments->within,
                   "it is back in time if it serves so soon (default 500ms after its end; 1s after "
                   "its death)")
      ->type_name("DURATION");
  command
      ->add_option("--json",
                   arguments->json,
                   "write lastack.rebind/1, of a server of yours lastack.restart/1; - is stdout")
      ->type_name("FILE");
}

void Share(const SharedArguments& shared,
           RebindArguments* built_in,
           ServerRebindArguments* server) {
  const auto give = [](const std::string& value, std::string* one, std::string* other) {
    if (!value.empty()) {
      *one = *other = value;
    }
  };
  give(shared.connections, &built_in->wishes.counts, &server->connections);
  give(shared.family, &built_in->wishes.families, &server->family);
  give(shared.within, &built_in->wishes.within, &server->within);
  give(shared.json, &built_in->json, &server->json);
}

// The first option that was given and belongs to the other use of this command; empty: none.
std::string Stray(const CLI::App& command, const std::string& group) {
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_group() == group && option->count() > 0) {
      return option->get_name();
    }
  }
  return {};
}

}  // namespace

Command AddRebindCommand(CLI::App* app, int stop_fd) {
  auto built_in = std::make_shared<RebindArguments>();
  auto server = std::make_shared<ServerRebindArguments>();
  auto shared = std::make_shared<SharedArguments>();
  CLI::App* command =
      app->add_subcommand("rebind", "measure how long it takes until a server is back");
  AddSharedOptions(command, shared.get());
  AddBuiltInOptions(command, built_in.get());
  AddServerRebindOptions(command, server.get());
  command->footer(
      "Exit: 0 measured, whatever the outcome; 2 wrong usage; 3 a row could not be measured;\n"
      "4 every row was skipped; 128+n on signal n. With a server of yours: 0 back in time; 1 "
      "not.\n\n"
      "Examples:\n"
      "  lastack rebind --strategy none,reuseaddr -n 0,1,1k\n"
      "  lastack rebind --plot rebind.svg --json rebind.json\n"
      "  lastack rebind --strategy reuseaddr --state time-wait -n 0,1k,10k,100k,1M\n"
      "  lastack rebind --port 8080 --connections 100 -- ./server --args");
  return {[command] { return command->parsed(); },
          [=] {
            Share(*shared, built_in.get(), server.get());
            const bool own = !server->command.empty() || server->port != 0;
            const std::string stray = Stray(*command, own ? kBuiltInGroup : kServerGroup);
            if (!stray.empty()) {
              PrintError({ErrorKind::kScenario,
                          own ? stray + " is for the built-in strategies, not for a server of yours"
                              : stray + " is for a server of yours: its command line is missing",
                          own ? "leave it out, or leave out --port and what stands behind --"
                              : "lastack rebind --port 8080 -- ./server --args"});
              return static_cast<int>(kExitUsage);
            }
            return own ? RunServerRebind(*server, stop_fd) : MeasureBuiltIn(*built_in, stop_fd);
          }};
}

}  // namespace lastack

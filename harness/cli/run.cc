// `lastack run`: runs scenarios and reports their verdicts.
#include <malloc.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/kernel_witness.h"
#include "cli/print_error.h"
#include "cli/reporters.h"
#include "cli/select.h"
#include "report/plain_text.h"
#include "run/suite.h"
#include "testbed/testbed.h"

namespace lastack {
namespace {

constexpr int kSlotsPerCore = 1;

struct RunArguments {
  Selection selection;
  SuiteOptions suite;
  std::vector<std::string> peers;  // NAME=PROGRAM
  bool dry_run = false;
  std::string list;  // "ids", "json"; empty: run
  std::string timeout = "5min";
  std::string witness = "auto";
  std::string evidence = "evidence";
  ReportArguments reports;
};

// Many runs are under way at once and each is short: with an arena for every thread the heap would
// keep what each of them once needed.
void KeepHeapSmall() {
  constexpr int kArenas = 1;  // two threads or so work at a time, seldom in the allocator
  constexpr int kTrimAbove = 1 << 20;
  mallopt(M_ARENA_MAX, kArenas);          // NOLINT(concurrency-mt-unsafe): no other thread yet
  mallopt(M_TRIM_THRESHOLD, kTrimAbove);  // NOLINT(concurrency-mt-unsafe)
}

void PrintList(const std::vector<Variant>& variants, bool as_json) {
  nlohmann::json list = nlohmann::json::array();
  for (const Variant& variant : variants) {
    const Scenario& scenario = variant.scenario;
    if (!as_json) {
      fmt::print("{}\n", scenario.id);
      continue;
    }
    list.push_back({{"id", scenario.id},
                    {"file", scenario.file},
                    {"line", scenario.place.line},
                    {"title", scenario.title},
                    {"labels", scenario.labels},
                    {"needs", scenario.needs}});
  }
  if (as_json) {
    const nlohmann::json document = {{"schema", "lastack.list/1"}, {"scenarios", list}};
    fmt::print("{}\n", document.dump(1));
  }
}

void PrintSteps(const std::vector<Variant>& variants) {
  for (const Variant& variant : variants) {
    fmt::print("{}: {}\n", variant.scenario.id, variant.scenario.title);
    int number = 0;
    for (const Step& step : variant.scenario.steps) {
      fmt::print("  {:2}. {:60}  line {}\n", ++number, step.text, step.place.line);
    }
  }
}

// What a variant needs besides its file to be run again as it was: sysctls and other peers.
std::string AgainOptions(const RunArguments& arguments) {
  std::string options;
  for (const std::string& setting : arguments.selection.settings) {
    if (setting.starts_with("net.")) {
      options += " --set " + ShellWord(setting);
    }
  }
  for (const std::string& peer : arguments.peers) {
    options += " --peer " + ShellWord(peer);
  }
  return options;
}

Result<SuiteOptions> Complete(const RunArguments& arguments, int stop_fd) {
  SuiteOptions suite = arguments.suite;
  const auto timeout = ParseDuration(arguments.timeout);
  if (!timeout || timeout->count() == 0) {
    return Fail(
        ErrorKind::kScenario,
        "--timeout " + arguments.timeout + ": not a duration with a unit, such as 30s or 5min");
  }
  auto programs = FindPrograms();
  if (!programs) {
    return Fail(programs.error());
  }
  for (const std::string& peer : arguments.peers) {
    const std::vector<std::string> parts = Split(peer, '=');
    if (parts.size() != 2) {
      return Fail(ErrorKind::kScenario, "--peer " + peer + ": not NAME=PROGRAM");
    }
    char* path = realpath(parts[1].c_str(), nullptr);
    if (path == nullptr || access(path, X_OK) != 0) {
      std::free(path);  // NOLINT(cppcoreguidelines-no-malloc): realpath allocates it
      return Fail(ErrorKind::kScenario, "--peer " + peer + ": no such program");
    }
    suite.run.peer_programs[parts[0]] = path;
    std::free(path);  // NOLINT(cppcoreguidelines-no-malloc)
  }
  suite.run.programs = std::move(*programs);
  suite.run.evidence = arguments.evidence;
  suite.run.timeout = *timeout;
  suite.run.again_options = AgainOptions(arguments);
  suite.run.stop_fd = stop_fd;
  suite.run.in_user_namespace = geteuid() != 0;  // EnterUserNamespaceIfNeeded comes after this
  return suite;
}

std::string KernelRelease() {
  utsname names{};
  uname(&names);
  return names.release;
}

int RunAndReport(const RunArguments& arguments,
                 const std::vector<Variant>& variants,
                 const SuiteOptions& suite) {
  const bool single = variants.size() == 1 && suite.repeat == 1;
  const auto owned = MakeReporters(arguments.reports, single);
  std::vector<Reporter*> reporters;
  for (const auto& reporter : owned) {
    reporters.push_back(reporter.get());
    reporter->Begin({KernelRelease(), variants.size() * static_cast<size_t>(suite.repeat)});
  }
  KeepHeapSmall();
  const int64_t begin_ns = MonotonicNs();
  SuiteOptions options = suite;
  options.run.draw = single;
  options.run.page = arguments.reports.html;
  const std::vector<RunResult> results = RunSuite(variants, options, reporters);
  const Duration wall(MonotonicNs() - begin_ns);
  int exit_code = ExitCode(CountVerdicts(results));
  for (Reporter* reporter : reporters) {
    if (const Status status = reporter->End(results, wall); !status) {
      PrintError(status.error());
      exit_code = kExitError;
    }
  }
  return exit_code;
}

int Run(const RunArguments& arguments, int stop_fd) {
  const Status reports = CheckReports(arguments.reports);
  const auto variants = reports ? SelectVariants(arguments.selection) : Fail(reports.error());
  if (!variants) {
    PrintError(variants.error());
    return variants.error().kind == ErrorKind::kScenario ? kExitUsage : kExitError;
  }
  if (!arguments.list.empty()) {
    PrintList(*variants, arguments.list == "json");
    return 0;
  }
  if (arguments.dry_run) {
    PrintSteps(*variants);
    return 0;
  }
  auto suite = Complete(arguments, stop_fd);
  if (!suite) {
    PrintError(suite.error());
    return suite.error().kind == ErrorKind::kScenario ? kExitUsage : kExitError;
  }
  // Before this process leaves the user namespace that may trace.
  const auto witness =
      ChooseKernelWitness(arguments.witness, variants->size() * static_cast<size_t>(suite->repeat));
  if (!witness) {
    PrintError(witness.error());
    return kExitError;
  }
  suite->run.trace = witness->trace.get();
  suite->run.untraced = witness->untraced;
  if (const Status status = EnterUserNamespaceIfNeeded(); !status) {
    PrintError(status.error());
    return kExitError;
  }
  return RunAndReport(arguments, *variants, *suite);
}

void AddSelectionOptions(CLI::App* command, Selection* selection) {
  command->add_option("PATH",
                      selection->paths,
                      "scenario files, or folders of them (default: ./scenarios, else the "
                      "installed ones)");
  command
      ->add_option("--filter",
                   selection->filters,
                   "only variants whose id matches this glob; may be given more than once")
      ->type_name("GLOB")
      ->allow_extra_args(false);
  command->add_option("--label", selection->labels, "only variants with this label")
      ->type_name("L")
      ->allow_extra_args(false);
  command->add_option("--exclude-label", selection->exclude_labels, "no variants with this label")
      ->type_name("L")
      ->allow_extra_args(false);
  command
      ->add_option("--set",
                   selection->settings,
                   "only this label of a matrix (family=v6), or a sysctl for both hosts "
                   "(net.ipv4.tcp_fin_timeout=5)")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  command->add_flag("--shuffle", selection->shuffle, "run in random order");
  command->add_option("--seed", selection->seed, "seed of --shuffle")->type_name("S");
  command->add_option("--shard", selection->shard, "only part I of N of the selection")
      ->type_name("I/N");
}

void AddRunOptions(CLI::App* command, RunArguments* arguments) {
  command->add_flag("--dry-run", arguments->dry_run, "print the numbered steps and run nothing");
  command
      ->add_flag("--list{ids}", arguments->list, "print the ids (or --list=json) and run nothing")
      ->check(CLI::IsMember({"ids", "json"}));
  command->add_flag(
      "--keep", arguments->suite.run.keep, "leave the hosts running and print how to enter them");
  command->add_option("-j", arguments->suite.slots, "how many runs work at the same time")
      ->type_name("N")
      ->check(CLI::Range(1, 256));
  command->add_option("--repeat", arguments->suite.repeat, "run each variant N times")
      ->type_name("N")
      ->check(CLI::Range(1, 1'000'000));
  command->add_flag("--until-fail",
                    arguments->suite.until_fail,
                    "repeat until a variant does not pass (--repeat N: N times at most)");
  command->add_flag("--fail-fast",
                    arguments->suite.fail_fast,
                    "begin nothing new after the first that does not pass");
  command->add_option("--timeout", arguments->timeout, "most time for one run (default 5min)")
      ->type_name("D");
  command->add_option("--witness", arguments->witness, "how the kernel is watched (default auto)")
      ->check(CLI::IsMember({"auto", "diag", "bpf"}));
  command
      ->add_option("--peer",
                   arguments->peers,
                   "use this program for a peer instead of lastack-peer (docs/protocols.md)")
      ->type_name("NAME=PROGRAM")
      ->allow_extra_args(false);
  command
      ->add_option("--evidence",
                   arguments->evidence,
                   "folder for captures, events and results (default ./evidence)")
      ->type_name("DIR");
}

}  // namespace

Command AddRunCommand(CLI::App* app, int stop_fd) {
  auto arguments = std::make_shared<RunArguments>();
  arguments->suite.slots =
      kSlotsPerCore * static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  arguments->selection.seed = std::random_device{}();
  CLI::App* command = app->add_subcommand("run", "run scenarios and judge them");
  AddSelectionOptions(command, &arguments->selection);
  AddRunOptions(command, arguments.get());
  AddReportOptions(command, &arguments->reports);
  command->footer(
      "Exit: 0 all passed; 1 a FAIL; 2 wrong usage or scenario; 3 ERROR or INCONCLUSIVE;\n"
      "4 everything selected was skipped; 5 nothing was selected; 128+n on signal n.\n\n"
      "Examples:\n"
      "  lastack run scenarios/normal/active-close-client.yaml\n"
      "  lastack run scenarios --exclude-label slow --json results.json\n"
      "  lastack run --filter 'rebind/rule.time-wait.*' --repeat 20");
  const bool* until_fail = &arguments->suite.until_fail;
  const CLI::Option* repeat = command->get_option("--repeat");
  return {[command] { return command->parsed(); },
          [arguments, stop_fd, until_fail, repeat] {
            if (*until_fail && repeat->count() == 0) {
              arguments->suite.repeat = 0;  // without end
            }
            return Run(*arguments, stop_fd);
          }};
}

}  // namespace lastack

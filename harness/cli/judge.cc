// `lastack judge DIR`: the verdict again, from stored evidence alone.
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/print_error.h"
#include "cli/stored_runs.h"
#include "report/console.h"
#include "report/evidence_files.h"
#include "report/ladder.h"
#include "report/timeline.h"

namespace lastack {
namespace {

struct JudgeArguments {
  std::vector<std::string> directories;
  std::string scenario;
  bool write = false;
  bool quiet = false;
};

Result<RunResult> JudgeRun(const std::string& directory,
                           const JudgeArguments& arguments,
                           KnownSources* known) {
  auto stored = JudgeStored(directory, arguments.scenario, known);
  if (!stored) {
    return Fail(stored.error());
  }
  RunResult& result = stored->result;
  result.ladder = DrawLadder(MakeTimeline(stored->scenario, stored->evidence, result.judgement));
  if (arguments.write) {
    const Status status =
        WriteDerived(directory, stored->scenario, result.judgement, &stored->evidence);
    if (!status) {
      return Fail(status.error());
    }
  }
  return std::move(result);
}

int JudgeAll(const JudgeArguments& arguments) {
  KnownSources known;
  std::vector<RunResult> results;
  for (const std::string& directory : arguments.directories) {
    const std::vector<std::string> runs = FindRuns(directory);
    if (runs.empty()) {
      PrintError({ErrorKind::kScenario,
                  directory + ": no evidence of a run in or below it",
                  "give a folder that `lastack run --evidence` wrote"});
      return kExitUsage;
    }
    for (const std::string& run : runs) {
      auto result = JudgeRun(run, arguments, &known);
      if (!result) {
        PrintError(result.error());
        return result.error().kind == ErrorKind::kScenario ? kExitUsage : kExitError;
      }
      results.push_back(std::move(*result));
    }
  }
  ConsoleOptions console;
  console.verbosity = arguments.quiet ? -1 : 0;
  console.show_ladder = results.size() == 1 && !arguments.quiet;
  const auto reporter = MakeConsoleReporter(console);
  if (const Status status = reporter->End(results, Duration{}); !status) {
    PrintError(status.error());
    return kExitError;
  }
  return ExitCode(CountVerdicts(results));
}

}  // namespace

Command AddJudgeCommand(CLI::App* app) {
  auto arguments = std::make_shared<JudgeArguments>();
  CLI::App* command =
      app->add_subcommand("judge", "judge stored evidence again, from its raw files alone");
  command->add_option("DIR", arguments->directories, "evidence of one run, or a folder of many")
      ->required();
  command
      ->add_option("--scenario",
                   arguments->scenario,
                   "judge by this scenario file instead of the stored one")
      ->type_name("FILE");
  command->add_flag("--write", arguments->write, "write result.json and timeline.json anew");
  command->add_flag("-q,--quiet", arguments->quiet, "say only what failed, and the counts");
  return {[command] { return command->parsed(); }, [arguments] { return JudgeAll(*arguments); }};
}

}  // namespace lastack

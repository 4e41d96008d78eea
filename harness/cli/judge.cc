// `lastack judge DIR`: the verdict again, from stored evidence alone.
#include "judge/judge.h"

#include <cstdio>
#include <filesystem>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/print_error.h"
#include "record/store.h"
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

// DIR itself, or every folder below it that holds the evidence of a run.
std::vector<std::string> FindRuns(const std::string& directory) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (fs::exists(fs::path(directory) / "scenario.json", error)) {
    return {directory};
  }
  std::vector<std::string> runs;
  for (const auto& entry : fs::recursive_directory_iterator(directory, error)) {
    if (entry.path().filename() == "scenario.json") {
      runs.push_back(entry.path().parent_path().string());
    }
  }
  std::sort(runs.begin(), runs.end());
  return runs;
}

// The variant of the given file that has the stored one's id.
Result<Scenario> Replacement(const std::string& file, const std::string& id) {
  auto variants = LoadScenarioFile(file);
  if (!variants) {
    return Fail(variants.error());
  }
  for (Variant& variant : *variants) {
    if (variant.scenario.id == id) {
      return std::move(variant.scenario);
    }
  }
  return Fail(ErrorKind::kScenario, file + ": has no variant " + id);
}

Result<RunResult> JudgeRun(const std::string& directory, const JudgeArguments& arguments) {
  auto stored = ReadRun(directory);
  if (!stored) {
    return Fail(stored.error());
  }
  auto parsed = ParseScenarioJson(stored->scenario_json);
  if (!parsed) {
    return Fail(
        parsed.error().kind, directory + ": " + parsed.error().message, parsed.error().hint);
  }
  if (!arguments.scenario.empty()) {
    auto scenario = Replacement(arguments.scenario, parsed->scenario.id);
    if (!scenario) {
      return Fail(scenario.error());
    }
    parsed->scenario = std::move(*scenario);
    parsed->contradictions.clear();
  }
  RunResult result{
      .id = parsed->scenario.id, .file = parsed->scenario.file, .place = parsed->scenario.place};
  result.judgement = Judge(parsed->scenario, stored->evidence);
  for (const Finding& finding : parsed->contradictions) {
    result.judgement.findings.push_back(finding);
    if (result.judgement.verdict != Verdict::kError) {
      result.judgement.verdict = Verdict::kFail;
      result.judgement.headline = Describe(result.judgement.findings.front());
    }
  }
  result.verdict = result.judgement.verdict;
  result.headline = result.judgement.headline;
  result.evidence = directory;
  result.ladder = DrawLadder(MakeTimeline(parsed->scenario, stored->evidence, result.judgement));
  if (arguments.write) {
    const Status status =
        WriteDerived(directory, parsed->scenario, result.judgement, &stored->evidence);
    if (!status) {
      return Fail(status.error());
    }
  }
  return result;
}

int JudgeAll(const JudgeArguments& arguments) {
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
      auto result = JudgeRun(run, arguments);
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

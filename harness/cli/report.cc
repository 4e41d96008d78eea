// `lastack report DIR -o FILE.html`: the page of stored evidence, judged again.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/print_error.h"
#include "cli/stored_runs.h"
#include "record/store.h"
#include "report/html_page.h"
#include "report/html_run.h"
#include "report/ladder.h"
#include "report/ladder_svg.h"
#include "report/timeline.h"

namespace lastack {
namespace {

struct ReportArguments {
  std::vector<std::string> directories;
  std::string output;
};

Duration LengthOf(const Evidence& evidence) {
  int64_t first = 0;
  int64_t last = 0;
  for (const Event& event : evidence.events) {
    if (event.clock == Clock::kMonotonic) {
      first = first == 0 ? event.t_ns : std::min(first, event.t_ns);
      last = std::max(last, event.t_ns);
    }
  }
  return Duration(last - first);
}

std::string KernelOf(const Evidence& evidence) {
  const auto started = Select<RunStarted>(evidence.events);
  return started.empty() ? "" : started.front().data->kernel;
}

// A folder whose evidence cannot be read is a result, too: the page says so.
RunResult Unreadable(const std::string& directory, const Error& error) {
  RunResult result{.id = directory,
                   .verdict = Verdict::kError,
                   .headline = error.message,
                   .hint = error.hint,
                   .evidence = directory};
  result.judgement.verdict = Verdict::kError;
  return result;
}

// Repetitions of one variant lie in folders 1, 2, 3 … and are told apart by these.
void NumberRepetitions(std::vector<RunResult>* results) {
  std::set<std::string> known;
  for (RunResult& result : *results) {
    if (!known.insert(result.id).second ||
        std::count_if(results->begin(), results->end(), [&](const RunResult& other) {
          return other.id == result.id;
        }) > 1) {
      result.id += "#" + std::filesystem::path(result.evidence).filename().string();
    }
  }
}

// The runs of all folders; nothing (and a message) where there are none.
std::optional<std::vector<std::string>> AllRuns(const std::vector<std::string>& directories) {
  std::vector<std::string> all;
  for (const std::string& directory : directories) {
    const std::vector<std::string> runs = FindRuns(directory);
    if (runs.empty()) {
      PrintError({ErrorKind::kScenario,
                  directory + ": no evidence of a run in or below it",
                  "give a folder that `lastack run --evidence` wrote"});
      return std::nullopt;
    }
    all.insert(all.end(), runs.begin(), runs.end());
  }
  return all;
}

Status Write(const std::string& path, const std::string& text) {
  if (path == "-") {
    fmt::print("{}", text);
    return {};
  }
  return WriteFileAtomically(path, text);
}

int Conclude(const ReportArguments& arguments,
             const std::string& document,
             const std::vector<RunResult>& results) {
  if (const Status status = Write(arguments.output, document); !status) {
    PrintError(status.error());
    return kExitError;
  }
  if (arguments.output != "-") {
    fmt::print("{}: {}\n", arguments.output, ToString(CountVerdicts(results)));
  }
  return ExitCode(CountVerdicts(results));
}

// `-o FILE.svg`: the ladder of one run as a picture.
int Picture(const ReportArguments& arguments, const std::vector<std::string>& runs) {
  if (runs.size() != 1) {
    PrintError(
        {ErrorKind::kScenario,
         fmt::format(
             "-o {}: a picture shows one run, and here are {}", arguments.output, runs.size()),
         "give the folder of one run, or -o FILE.html"});
    return kExitUsage;
  }
  KnownSources known;
  const auto stored = JudgeStored(runs.front(), "", &known);
  if (!stored) {
    PrintError(stored.error());
    return kExitError;
  }
  const RunResult& result = stored->result;
  const Timeline timeline = MakeTimeline(stored->scenario, stored->evidence, result.judgement);
  const Ladders ladders = MakeLadders(timeline);
  const Ladder& ladder = ladders.ladders.front();
  std::string details = result.id + ", Linux " + KernelOf(stored->evidence);
  if (!result.judgement.findings.empty()) {
    details += ", first difference: " + FirstMismatch(timeline);
  }
  return Conclude(arguments,
                  DrawSvgFile(ladder,
                              std::string(ToString(result.verdict)),
                              ladder.story.empty() ? result.headline : ladder.story,
                              details),
                  {result});
}

int Report(const ReportArguments& arguments) {
  const auto runs = AllRuns(arguments.directories);
  if (!runs) {
    return kExitUsage;
  }
  if (arguments.output.ends_with(".svg")) {
    return Picture(arguments, *runs);
  }
  const std::string page = arguments.output == "-" ? "" : arguments.output;
  std::vector<RunResult> results;
  std::string kernel;
  KnownSources known;
  for (const std::string& run : *runs) {
    auto stored = JudgeStored(run, "", &known);
    if (!stored) {
      PrintError(stored.error());
      results.push_back(Unreadable(run, stored.error()));
      continue;
    }
    RunResult& result = stored->result;
    result.duration = LengthOf(stored->evidence);
    result.page = DrawRun(stored->scenario, stored->evidence, result.judgement, {page, run});
    kernel = kernel.empty() ? KernelOf(stored->evidence) : kernel;
    results.push_back(std::move(result));
  }
  NumberRepetitions(&results);
  return Conclude(arguments, DrawPage(kernel, results, Duration{}), results);
}

}  // namespace

Command AddReportCommand(CLI::App* app) {
  auto arguments = std::make_shared<ReportArguments>();
  CLI::App* command =
      app->add_subcommand("report", "draw stored evidence, judged again, as a page or a picture");
  command->add_option("DIR", arguments->directories, "evidence of one run, or a folder of many")
      ->required();
  command
      ->add_option("-o,--output",
                   arguments->output,
                   "FILE.html for a page, FILE.svg for the ladder of one run, - for stdout")
      ->type_name("FILE")
      ->required();
  return {[command] { return command->parsed(); }, [arguments] { return Report(*arguments); }};
}

}  // namespace lastack

#include "cli/reporters.h"

#include <unistd.h>

#include <cstdlib>

#include <CLI/CLI.hpp>

#include "base/strings.h"
#include "report/console.h"
#include "report/github_reporter.h"
#include "report/json_reporter.h"
#include "report/junit_reporter.h"
#include "report/ktap_reporter.h"

namespace lastack {
namespace {

std::string Environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before threads
  return value == nullptr ? "" : value;
}

// The options whose document is to go to stdout.
std::vector<std::string> ToStdout(const ReportArguments& arguments) {
  std::vector<std::string> options;
  for (const auto& [option, path] : {std::pair{"--json", &arguments.json},
                                     std::pair{"--junit", &arguments.junit},
                                     std::pair{"--ktap", &arguments.ktap}}) {
    if (*path == "-") {
      options.emplace_back(option);
    }
  }
  return options;
}

// A terminal that can rewrite its line, and no log of a CI system that would keep each version.
bool CanRewrite() {
  const std::string term = Environment("TERM");
  return isatty(STDERR_FILENO) == 1 && !term.empty() && term != "dumb" && Environment("CI").empty();
}

}  // namespace

void AddReportOptions(CLI::App* command, ReportArguments* arguments) {
  command->add_option("--json", arguments->json, "write lastack.suite/1 to a file, or - for stdout")
      ->type_name("F");
  command->add_option("--junit", arguments->junit, "write JUnit XML to a file, or - for stdout")
      ->type_name("F");
  command->add_option("--ktap", arguments->ktap, "write KTAP to a file, or - for stdout")
      ->type_name("F");
  command->add_flag("--github",
                    arguments->github,
                    "annotate what does not pass for GitHub Actions, and write the step summary");
  command->add_option("--color", arguments->color, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  auto* verbose = command->add_flag("-v,--verbose", arguments->verbose, "say more");
  command->add_flag("-q,--quiet", arguments->quiet, "say only what failed, and the counts")
      ->excludes(verbose);
}

Status CheckReports(const ReportArguments& arguments) {
  const std::vector<std::string> options = ToStdout(arguments);
  if (options.size() > 1) {
    return Fail(ErrorKind::kScenario,
                Join(options, " - and ") + " -: only one document can go to stdout",
                "name a file for the others");
  }
  return {};
}

std::vector<std::unique_ptr<Reporter>> MakeReporters(const ReportArguments& arguments,
                                                     bool single) {
  const bool document = !ToStdout(arguments).empty();
  const int results_fd = document ? STDERR_FILENO : STDOUT_FILENO;
  std::vector<std::unique_ptr<Reporter>> reporters;
  reporters.push_back(MakeConsoleReporter(
      {.results_colour = UseColour(arguments.color, isatty(results_fd) == 1),
       .progress_colour = UseColour(arguments.color, isatty(STDERR_FILENO) == 1),
       .rewrite = CanRewrite(),
       .verbosity = arguments.quiet ? -1 : static_cast<int>(arguments.verbose),
       .show_ladder = single && !arguments.quiet,
       .results_to_stderr = document}));
  if (!arguments.json.empty()) {
    reporters.push_back(MakeJsonReporter(arguments.json));
  }
  if (!arguments.junit.empty()) {
    reporters.push_back(MakeJunitReporter(arguments.junit));
  }
  if (!arguments.ktap.empty()) {
    reporters.push_back(MakeKtapReporter(arguments.ktap));
  }
  if (arguments.github) {
    reporters.push_back(
        MakeGithubReporter(document ? stderr : stdout, Environment("GITHUB_STEP_SUMMARY")));
  }
  return reporters;
}

}  // namespace lastack

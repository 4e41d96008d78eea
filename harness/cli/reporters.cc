#include "cli/reporters.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/strings.h"
#include "report/console.h"
#include "report/github_reporter.h"
#include "report/html_page.h"
#include "report/json_reporter.h"
#include "report/junit_reporter.h"
#include "report/ktap_reporter.h"

namespace lastack {
namespace {

std::string Environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before threads
  return value == nullptr ? "" : value;
}

// Option and path of each document that was asked for.
std::vector<std::pair<std::string, std::string>> Documents(const ReportArguments& arguments) {
  std::vector<std::pair<std::string, std::string>> documents = {{"--json", arguments.json},
                                                                {"--junit", arguments.junit},
                                                                {"--ktap", arguments.ktap},
                                                                {"--html", arguments.html}};
  std::erase_if(documents, [](const auto& document) { return document.second.empty(); });
  return documents;
}

// The options whose document is to go to stdout.
std::vector<std::string> ToStdout(const ReportArguments& arguments) {
  std::vector<std::string> options;
  for (const auto& [option, path] : Documents(arguments)) {
    if (path == "-") {
      options.push_back(option);
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
  command->add_option("--html", arguments->html, "write a page with every ladder")->type_name("F");
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
  for (const auto& [option, path] : Documents(arguments)) {
    const std::filesystem::path folder = std::filesystem::path(path).parent_path();
    std::error_code error;
    if (!folder.empty() && !std::filesystem::is_directory(folder, error)) {
      return Fail(ErrorKind::kSystem,
                  fmt::format("{} {}: there is no folder {}", option, path, folder.string()),
                  "make it first");
    }
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
  if (!arguments.html.empty()) {
    reporters.push_back(MakeHtmlReporter(arguments.html));
  }
  if (arguments.github) {
    reporters.push_back(MakeGithubReporter({.out = document ? stderr : stdout,
                                            .summary = Environment("GITHUB_STEP_SUMMARY"),
                                            .workspace = Environment("GITHUB_WORKSPACE")}));
  }
  return reporters;
}

}  // namespace lastack

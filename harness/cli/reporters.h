// The reports that `run` writes: their options, and the reporters for them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "report/reporter.h"

namespace CLI {
class App;
}

namespace lastack {

struct ReportArguments {
  std::string json;
  std::string junit;
  std::string ktap;
  std::string html;
  bool github = false;
  std::string color = "auto";
  bool verbose = false;
  bool quiet = false;
};

void AddReportOptions(CLI::App* command, ReportArguments* arguments);

// Fails if two documents are to go to stdout (kScenario), or one into a folder that is not there
// (kSystem), so that this is not found out only after everything was run.
[[nodiscard]] Status CheckReports(const ReportArguments& arguments);

// `single`: one run of one variant, which is shown in full.
[[nodiscard]] std::vector<std::unique_ptr<Reporter>> MakeReporters(const ReportArguments& arguments,
                                                                   bool single);

}  // namespace lastack

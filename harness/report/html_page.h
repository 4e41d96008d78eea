// The HTML page of one run or of a suite: self-contained, readable without its script.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "report/reporter.h"
#include "report/result.h"

namespace lastack {

// `wall` is what the suite took; zero: unknown.
[[nodiscard]] std::string DrawPage(const std::string& kernel,
                                   const std::vector<RunResult>& results,
                                   Duration wall);

// `run --html F`.
[[nodiscard]] std::unique_ptr<Reporter> MakeHtmlReporter(const std::string& path);

// CSS and JavaScript of the page.
[[nodiscard]] std::string_view PageStyle();
[[nodiscard]] std::string_view PageScript();

}  // namespace lastack

// `run --github`: what did not pass as annotations of GitHub Actions, and a summary of the step.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "report/reporter.h"

namespace lastack {

// Annotations go to `out`; a summary in Markdown is appended to the file `summary` unless that is
// empty.
[[nodiscard]] std::unique_ptr<Reporter> MakeGithubReporter(std::FILE* out,
                                                           const std::string& summary);

}  // namespace lastack

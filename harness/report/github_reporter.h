// `run --github`: what did not pass as annotations of GitHub Actions, and a summary of the step.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "report/reporter.h"

namespace lastack {

struct GithubOptions {
  std::FILE* out = stdout;  // where annotations go
  std::string summary;      // a summary in Markdown is appended to this file; empty: to none
  std::string workspace;    // where the repository is: paths are from there; empty: from here
};

[[nodiscard]] std::unique_ptr<Reporter> MakeGithubReporter(const GithubOptions& options);

}  // namespace lastack

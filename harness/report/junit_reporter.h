// `run --junit F`: JUnit XML as Jenkins and GitLab read it, to a file or (`-`) to stdout.
//
// Source: the schema of Jenkins' xUnit plugin (junit-10.xsd), and `file` and `line` of each test
// case, which GitLab shows. docs/ci.md says how to use it.
#pragma once

#include <memory>
#include <string>

#include "report/reporter.h"

namespace lastack {

[[nodiscard]] std::unique_ptr<Reporter> MakeJunitReporter(const std::string& path);

}  // namespace lastack

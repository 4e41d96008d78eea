// `run --json F`: the lastack.suite/1 document, to a file or (`-`) to stdout.
#pragma once

#include <memory>
#include <string>

#include "report/reporter.h"

namespace lastack {

[[nodiscard]] std::unique_ptr<Reporter> MakeJsonReporter(const std::string& path);

}  // namespace lastack

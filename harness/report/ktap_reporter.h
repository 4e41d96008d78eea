// `run --ktap F`: KTAP version 1, the format of the kernel's own tests, to a file or (`-`) to
// stdout.
//
// Source: Documentation/dev-tools/ktap.rst of Linux.
#pragma once

#include <memory>
#include <string>

#include "report/reporter.h"

namespace lastack {

[[nodiscard]] std::unique_ptr<Reporter> MakeKtapReporter(const std::string& path);

}  // namespace lastack

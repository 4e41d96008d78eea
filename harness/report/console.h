// The console: one line per finished scenario (or one rewritten line on a terminal), failures in
// full at the end.
#pragma once

#include <memory>

#include "report/reporter.h"

namespace lastack {

struct ConsoleOptions {
  bool results_colour = false;
  bool progress_colour = false;
  bool rewrite = false;            // stderr is a terminal that can rewrite its line
  int verbosity = 0;               // -q is -1, -v is 1
  bool show_ladder = false;        // also of what passed: for a single run
  bool results_to_stderr = false;  // stdout belongs to a document
};

// Progress to stderr; results (failures in full, skips, the last line with the counts) to stdout.
[[nodiscard]] std::unique_ptr<Reporter> MakeConsoleReporter(const ConsoleOptions& options);

// `--color WHEN`, then NO_COLOR (any non-empty value), then CLICOLOR_FORCE, then whether the stream
// is a terminal.
[[nodiscard]] bool UseColour(const std::string& when, bool is_terminal);

}  // namespace lastack

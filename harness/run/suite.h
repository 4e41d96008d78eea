// Runs many variants, several at a time, and tells the reporters.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "report/reporter.h"
#include "run/runner.h"
#include "scenario/load.h"

namespace lastack {

struct SuiteOptions {
  RunOptions run;
  int slots = 2;  // -j
  int repeat = 1;
  bool until_fail =
      false;  // repeat until one does not pass, `repeat` times at most (0: without end)
  bool fail_fast = false;
};

// One result for each variant and repetition, in the order of selection. After a stop (run.stop_fd)
// those not begun are missing.
[[nodiscard]] std::vector<RunResult> RunSuite(const std::vector<Variant>& variants,
                                              const SuiteOptions& options,
                                              const std::vector<Reporter*>& reporters);

}  // namespace lastack

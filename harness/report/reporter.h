// What every report format implements: it is told of each result as it comes and of the end.
//
// Threads: called from one thread at a time.
#pragma once

#include <string>
#include <vector>

#include "report/result.h"

namespace lastack {

struct SuiteInfo {
  std::string kernel;
  size_t selected = 0;  // how many results will come
};

class Reporter {
 public:
  Reporter() = default;
  virtual ~Reporter() = default;
  Reporter(const Reporter&) = delete;
  Reporter& operator=(const Reporter&) = delete;
  Reporter(Reporter&&) = delete;
  Reporter& operator=(Reporter&&) = delete;

  virtual void Begin(const SuiteInfo& /*suite*/) {}
  virtual void Finished(const RunResult& /*result*/) {}
  // All results in the order of selection, and the time that the suite took. Fails if the report
  // could not be written.
  [[nodiscard]] virtual Status End(const std::vector<RunResult>& results, Duration wall) = 0;
};

}  // namespace lastack

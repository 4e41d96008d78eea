#include "report/result.h"

#include <fmt/format.h>

namespace lastack {

Totals CountVerdicts(const std::vector<RunResult>& results) {
  Totals totals;
  for (const RunResult& result : results) {
    switch (result.verdict) {
      case Verdict::kPass:
        ++totals.passed;
        break;
      case Verdict::kFail:
        ++totals.failed;
        break;
      case Verdict::kInconclusive:
        ++totals.inconclusive;
        break;
      case Verdict::kError:
        ++totals.errors;
        break;
      case Verdict::kSkip:
        ++totals.skipped;
        break;
    }
  }
  return totals;
}

std::string ToString(const Totals& totals) {
  std::string text =
      fmt::format("{} passed, {} failed, {} skipped", totals.passed, totals.failed, totals.skipped);
  if (totals.inconclusive > 0) {
    text += fmt::format(", {} inconclusive", totals.inconclusive);
  }
  if (totals.errors > 0) {
    text += fmt::format(", {} errors", totals.errors);
  }
  return text;
}

int ExitCode(const Totals& totals) {
  constexpr int kFailed = 1;
  constexpr int kErrors = 3;
  constexpr int kAllSkipped = 4;
  constexpr int kNothing = 5;
  if (totals.failed > 0) {
    return kFailed;
  }
  if (totals.errors > 0 || totals.inconclusive > 0) {
    return kErrors;
  }
  if (totals.passed > 0) {
    return 0;
  }
  return totals.skipped > 0 ? kAllSkipped : kNothing;
}

}  // namespace lastack

#include "judge/finding.h"

namespace lastack {

std::string_view ToString(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return "PASS";
    case Verdict::kSkip:
      return "SKIP";
    case Verdict::kInconclusive:
      return "INCONCLUSIVE";
    case Verdict::kFail:
      return "FAIL";
    case Verdict::kError:
      return "ERROR";
  }
  return "";
}

std::string_view ToString(Witness witness) {
  switch (witness) {
    case Witness::kWire:
      return "wire";
    case Witness::kKernel:
      return "kernel";
    case Witness::kApp:
      return "app";
    case Witness::kHarness:
      return "harness";
  }
  return "";
}

std::string Describe(const Finding& finding) {
  if (finding.witness == Witness::kHarness) {
    return finding.actual;
  }
  return "expected " + finding.expected + ", got " + finding.actual;
}

}  // namespace lastack

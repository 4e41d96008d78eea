// What the judge says: findings, witnesses, verdict.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scenario/model.h"

namespace lastack {

// In the order of weight for one scenario: an ERROR hides a FAIL, a FAIL an INCONCLUSIVE.
enum class Verdict { kPass, kSkip, kInconclusive, kFail, kError };
[[nodiscard]] std::string_view ToString(Verdict verdict);  // "PASS", "SKIP" …

enum class Witness { kWire, kKernel, kApp, kHarness };
[[nodiscard]] std::string_view ToString(Witness witness);  // "wire", "kernel", "app", "harness"

// One difference between what was expected and what happened.
struct Finding {
  Witness witness = Witness::kApp;
  Verdict weight = Verdict::kFail;  // kFail, kInconclusive or kError
  std::string expected;
  std::string actual;
  Place place;                   // of the expectation in the scenario's file
  std::vector<int64_t> events;   // ids of the events it rests on
  std::vector<int64_t> packets;  // frame numbers in the capture of `host`
  std::string host;              // where it was seen; may be empty without packets
  std::string note;              // why, or which probe; may be empty
};

struct WitnessReport {
  Verdict verdict = Verdict::kPass;
  std::string source;  // "libpcap at both ends: 7 segments"
  std::vector<std::string> blind_spots;
};

struct Judgement {
  Verdict verdict = Verdict::kPass;
  std::string headline;
  std::vector<Finding> findings;  // the first is the first difference
  WitnessReport wire;
  WitnessReport kernel;
  WitnessReport app;
};

// "expected FIN-WAIT-2, got TIME-WAIT".
[[nodiscard]] std::string Describe(const Finding& finding);

}  // namespace lastack

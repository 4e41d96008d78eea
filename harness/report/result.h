// The result of one run of one variant, and of a suite of them: what reporters print.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "judge/finding.h"
#include "scenario/model.h"

namespace lastack {

// A run's part of the HTML page; empty where none was asked for.
struct RunPage {
  std::string story;  // who closed, how, what is left
  std::vector<std::string> claims;
  std::string body;  // HTML
};

struct RunResult {
  std::string id;  // with "#3" for the third repetition
  std::string file;
  Place place;
  Verdict verdict = Verdict::kPass;
  std::string headline;
  std::string hint;  // for SKIP and ERROR: what to do
  Duration duration{};
  std::string evidence;               // directory; empty: none was kept
  std::vector<std::string> captures;  // files in it
  std::string again_options;          // " --set …": what running it again needs besides the file
  Judgement judgement;
  std::string ladder;  // text; for what is shown in full
  RunPage page;
  std::string enter;  // with --keep: how to enter the hosts
};

struct Totals {
  int passed = 0;
  int failed = 0;
  int inconclusive = 0;
  int errors = 0;
  int skipped = 0;
};

[[nodiscard]] Totals CountVerdicts(const std::vector<RunResult>& results);

// "61 passed, 0 failed, 2 skipped" with ", N inconclusive, N errors" where there are any.
[[nodiscard]] std::string ToString(const Totals& totals);

// 0 all passed; 1 a FAIL; 3 ERROR or INCONCLUSIVE; 4 everything skipped; 5 nothing selected.
[[nodiscard]] int ExitCode(const Totals& totals);

}  // namespace lastack

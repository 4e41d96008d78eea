// Totals, exit codes, colour.
#include <cstdlib>

#include <gtest/gtest.h>

#include "report/console.h"
#include "report/result.h"

namespace lastack {
namespace {

std::vector<RunResult> Results(const std::vector<Verdict>& verdicts) {
  std::vector<RunResult> results;
  for (const Verdict verdict : verdicts) {
    results.push_back({.verdict = verdict});
  }
  return results;
}

int Exit(const std::vector<Verdict>& verdicts) {
  return ExitCode(CountVerdicts(Results(verdicts)));
}

TEST(ExitCode, OneBeatsThreeBeatsZero) {
  using enum Verdict;
  EXPECT_EQ(Exit({kPass, kSkip}), 0);
  EXPECT_EQ(Exit({kPass, kError, kFail}), 1);
  EXPECT_EQ(Exit({kPass, kError}), 3);
  EXPECT_EQ(Exit({kPass, kInconclusive}), 3);
  EXPECT_EQ(Exit({kSkip}), 4);
  EXPECT_EQ(Exit({}), 5);
}

TEST(Totals, NameInconclusiveAndErrorsOnlyWhereThereAreAny) {
  using enum Verdict;
  EXPECT_EQ(ToString(CountVerdicts(Results({kPass, kPass, kSkip}))),
            "2 passed, 0 failed, 1 skipped");
  EXPECT_EQ(ToString(CountVerdicts(Results({kError, kInconclusive, kFail}))),
            "0 passed, 1 failed, 0 skipped, 1 inconclusive, 1 errors");
}

TEST(UseColour, OptionBeatsNoColorBeatsForceBeatsTerminal) {
  setenv("NO_COLOR", "1", 1);
  setenv("CLICOLOR_FORCE", "1", 1);
  EXPECT_TRUE(UseColour("always", false));
  EXPECT_FALSE(UseColour("auto", true));
  setenv("NO_COLOR", "", 1);  // empty counts as unset
  EXPECT_TRUE(UseColour("auto", false));
  unsetenv("CLICOLOR_FORCE");
  EXPECT_FALSE(UseColour("auto", false));
  EXPECT_TRUE(UseColour("auto", true));
  EXPECT_FALSE(UseColour("never", true));
}

}  // namespace
}  // namespace lastack

// Totals, exit codes, colour, and the ladder.
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/console.h"
#include "report/ladder.h"
#include "report/result.h"

namespace lastack {
namespace {

using testing::HasSubstr;

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

TimelineEntry SegmentEntry(int64_t t_ns, const std::string& host, const std::string& text) {
  return {.kind = TimelineEntry::Kind::kSegment,
          .t_ns = t_ns,
          .host = host,
          .text = text,
          .sent_packet = 1,
          .received_packet = 1,
          .pure = text == "ACK"};
}

Timeline TwoEnds() {
  return {.ends = {{"client", "client 10.77.0.1:1"}, {"server", "server 10.77.0.2:2"}},
          .entries = {}};
}

TEST(DrawLadder, ArrowsPointFromSenderToReceiver) {
  Timeline timeline = TwoEnds();
  timeline.entries.push_back(SegmentEntry(0, "client", "FIN,ACK"));
  timeline.entries.back().sender_state = "FIN-WAIT-1";
  timeline.entries.push_back(SegmentEntry(1000, "server", "ACK"));
  const std::string ladder = DrawLadder(timeline);
  EXPECT_THAT(ladder, HasSubstr("FIN-WAIT-1 │━━ FIN,ACK ━"));
  EXPECT_THAT(ladder, HasSubstr("▶│"));
  EXPECT_THAT(ladder, HasSubstr("│◀─"));
}

TEST(DrawLadder, ALostSegmentEndsWithACross) {
  Timeline timeline = TwoEnds();
  timeline.entries.push_back(SegmentEntry(0, "client", "FIN,ACK"));
  timeline.entries.back().received_packet = 0;
  EXPECT_THAT(DrawLadder(timeline), HasSubstr("✗│"));
}

TEST(DrawLadder, LongSilencesAndRunsOfDataAreFolded) {
  Timeline timeline = TwoEnds();
  for (int i = 0; i < 5; ++i) {
    timeline.entries.push_back(SegmentEntry(i, "client", "ACK"));
    timeline.entries.back().bytes = 100;
  }
  timeline.entries.push_back(SegmentEntry(60'000'000'000, "client", "FIN,ACK"));
  const std::string ladder = DrawLadder(timeline);
  EXPECT_THAT(ladder, HasSubstr("5 segments, 500 bytes"));
  EXPECT_THAT(ladder, HasSubstr("··· 60.00 s ···"));
}

}  // namespace
}  // namespace lastack

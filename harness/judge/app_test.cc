// Calls, rebinds, counters and times against what their steps expect.
#include "judge/app.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lastack {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

CallStep Step(Call call, Outcome outcome = Success{}) {
  CallStep step;
  step.peer = "client";
  step.call = call;
  step.expected.outcome = std::move(outcome);
  return step;
}

CallEnd Returned(std::vector<CallResult> results) {
  CallEnd end;
  end.results = std::move(results);
  return end;
}

TEST(CheckCall, SuccessIsAnythingWithoutAnError) {
  EXPECT_FALSE(CheckCall(Step(Call::kConnect), Returned({{.value = 0}})));
  const auto finding = CheckCall(Step(Call::kConnect), Returned({{.error = "ECONNREFUSED"}}));
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->actual, "ECONNREFUSED");
  EXPECT_EQ(finding->witness, Witness::kApp);
}

TEST(CheckCall, AnErrnoMustBeTheNamedOne) {
  const CallStep step = Step(Call::kRecv, ErrnoIs{"ECONNRESET"});
  EXPECT_FALSE(CheckCall(step, Returned({{.error = "ECONNRESET"}})));
  EXPECT_TRUE(CheckCall(step, Returned({{.error = "EPIPE"}})));
  EXPECT_TRUE(CheckCall(step, Returned({{.value = 0}})));
}

TEST(CheckCall, EofIsNoSuccessOfAPlainRecv) {
  EXPECT_TRUE(CheckCall(Step(Call::kRecv), Returned({{.value = 0}})));
  EXPECT_FALSE(CheckCall(Step(Call::kRecv, Eof{}), Returned({{.value = 0}})));
  EXPECT_TRUE(CheckCall(Step(Call::kRecv, Eof{}), Returned({{.value = 3}})));
}

TEST(CheckCall, RecvUntilEofNeedsTheEndAndTheBytes) {
  CallStep step = Step(Call::kRecv, Value{{1, 10}});
  step.until_eof = true;
  EXPECT_FALSE(CheckCall(step, Returned({{.value = 10, .eof = true}})));
  EXPECT_TRUE(CheckCall(step, Returned({{.value = 11, .eof = true}})));
  EXPECT_TRUE(CheckCall(step, Returned({{.value = 10, .eof = false}})));
}

TEST(CheckCall, ASendMustTakeAllItsBytes) {
  CallStep step = Step(Call::kSend);
  step.bytes = 5;
  EXPECT_FALSE(CheckCall(step, Returned({{.value = 5}})));
  EXPECT_TRUE(CheckCall(step, Returned({{.value = 4}})));
}

TEST(CheckCall, CountsMustAllBeListed) {
  const CallStep step = Step(Call::kRecv, Counts{{{"ECONNRESET", {2, 2}}, {"eof", {1, 1}}}});
  EXPECT_FALSE(
      CheckCall(step, Returned({{.error = "ECONNRESET"}, {.error = "ECONNRESET"}, {.value = 0}})));
  EXPECT_TRUE(CheckCall(step, Returned({{.error = "ECONNRESET"}, {.value = 0}})));
  EXPECT_TRUE(CheckCall(
      step,
      Returned(
          {{.error = "ECONNRESET"}, {.error = "ECONNRESET"}, {.value = 0}, {.error = "EPIPE"}})));
}

TEST(CheckCall, KilledAndTimedOutAreNeverSuccess) {
  CallEnd killed;
  killed.killed = true;
  CallEnd late;
  late.timed_out = true;
  EXPECT_TRUE(CheckCall(Step(Call::kSend), killed));
  EXPECT_FALSE(CheckCall(Step(Call::kSend, Killed{}), killed));
  EXPECT_TRUE(CheckCall(Step(Call::kSend, Killed{}), late));
  EXPECT_THAT(CheckCall(Step(Call::kSend), late)->actual, HasSubstr("no return within 5.00 s"));
}

TEST(CheckCall, PollComparesTheWholeSetOfEvents) {
  const CallStep step = Step(Call::kPoll, Events{{"in", "rdhup"}});
  EXPECT_FALSE(CheckCall(step, Returned({{.value = 1, .events = {"rdhup", "in"}}})));
  EXPECT_TRUE(CheckCall(step, Returned({{.value = 1, .events = {"in"}}})));
  EXPECT_FALSE(CheckCall(Step(Call::kPoll, Events{}), Returned({{.value = 0}})));
}

TEST(CheckRebind, ComparesTheErrno) {
  RebindStep step;
  step.expected.outcome = ErrnoIs{"EADDRINUSE"};
  EXPECT_FALSE(CheckRebind(step, {.error = "EADDRINUSE", .failed_call = "bind"}));
  EXPECT_TRUE(CheckRebind(step, {}));
  step.expected.outcome = Success{};
  EXPECT_THAT(CheckRebind(step, {.error = "EADDRINUSE", .failed_call = "listen"})->actual,
              HasSubstr("EADDRINUSE from listen"));
}

TEST(CheckCounters, CountsTheChangeOnly) {
  CounterStep step;
  step.host = "server";
  step.expected = {{"TCPTimeWaitOverflow", {1, 1}}};
  EXPECT_FALSE(CheckCounters(step, {}, {{"TCPTimeWaitOverflow", 7}}, {{"TCPTimeWaitOverflow", 8}}));
  EXPECT_TRUE(CheckCounters(step, {}, {{"TCPTimeWaitOverflow", 7}}, {{"TCPTimeWaitOverflow", 7}}));
  EXPECT_EQ(CheckCounters(step, {}, {}, {})->weight, Verdict::kError);
}

TEST(CheckTook, TooShortIsNeverInconclusive) {
  const Range<Duration> range{milliseconds(100), milliseconds(200)};
  const ProbeRead probe{"wake-up overshoot", 0, milliseconds(500), milliseconds(10)};
  EXPECT_FALSE(CheckTook(range, {}, milliseconds(150), nullptr));
  EXPECT_EQ(CheckTook(range, {}, milliseconds(50), &probe)->weight, Verdict::kFail);
}

TEST(CheckTook, TooLongIsInconclusiveOnlyWithinWhatAProbeExplains) {
  const Range<Duration> range{milliseconds(100), milliseconds(200)};
  const ProbeRead probe{"wake-up overshoot", 0, milliseconds(50), milliseconds(10)};
  const ProbeRead calm{"wake-up overshoot", 0, milliseconds(5), milliseconds(10)};
  EXPECT_EQ(CheckTook(range, {}, milliseconds(240), &probe)->weight, Verdict::kInconclusive);
  EXPECT_EQ(CheckTook(range, {}, milliseconds(260), &probe)->weight, Verdict::kFail);
  EXPECT_EQ(CheckTook(range, {}, milliseconds(204), &calm)->weight, Verdict::kFail);
  EXPECT_EQ(CheckTook(range, {}, milliseconds(240), nullptr)->weight, Verdict::kFail);
}

}  // namespace
}  // namespace lastack

// The kernel's word against the wire's: samples, and whole lives.
#include "judge/agreement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "judge/judging_test.h"

namespace lastack {
namespace {

using judging::kMs;
using judging::Life;
using judging::Trace;
using judging::TwoHosts;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using enum State;

const std::vector<State> kActiveClose = {kEstablished, kFinWait1, kFinWait2, kTimeWait};

std::vector<Finding> Agreement(const EndpointTrace& trace, const Evidence& evidence = {}) {
  Reconstruction what;
  what.endpoints = {trace};
  return CheckSamples(TwoHosts(), evidence, what);
}

// A kernel sample long after the wire's last change.
EndpointTrace SampledLater(const std::vector<State>& wire, State kernel) {
  EndpointTrace trace = Trace("client", wire, {{3, kernel}});
  trace.kernel[0].t0_ns = trace.kernel[0].t1_ns = 1000 * kMs;
  return trace;
}

TEST(CheckSamples, EqualStatesAgree) {
  EXPECT_THAT(Agreement(SampledLater(kActiveClose, kTimeWait)), IsEmpty());
}

TEST(CheckSamples, AKernelThatContradictsTheWireIsAFinding) {
  EXPECT_THAT(Agreement(SampledLater({kEstablished, kFinWait1, kFinWait2}, kTimeWait)), SizeIs(1));
  EXPECT_THAT(Agreement(SampledLater({kEstablished, kClosed}, kEstablished)), SizeIs(1));
}

TEST(CheckSamples, ASocketThatIsGoneSendsNothingMore) {
  EndpointTrace trace = SampledLater({kEstablished}, kClosed);
  trace.last_sent_ns = 999 * kMs;
  EXPECT_THAT(Agreement(trace), IsEmpty());  // a timeout, or ICMP
  trace.last_sent_ns = 1002 * kMs;
  ASSERT_THAT(Agreement(trace), SizeIs(1));
  EXPECT_EQ(Agreement(trace)[0].expected, "client alive, as it sends later");
}

TEST(CheckSamples, ATimerEndsAStateWithoutASegment) {
  EXPECT_THAT(Agreement(SampledLater(kActiveClose, kClosed)), IsEmpty());
}

TEST(CheckSamples, ADestroyedSocketNeedsNoSegment) {
  Evidence evidence;
  evidence.events.push_back({.data = SocketDestroyed{.step = 1, .endpoint = "client"}});
  EXPECT_THAT(Agreement(SampledLater({kEstablished}, kClosed), evidence), IsEmpty());
}

// An endpoint whose wire states and kernel transitions both follow one another a millisecond apart.
EndpointTrace Traced(const std::vector<State>& wire, const std::vector<State>& kernel) {
  EndpointTrace trace = Trace("client", wire, {});
  trace.life = Life(kernel);
  return trace;
}

std::vector<Finding> Lives(const EndpointTrace& trace, const Evidence& evidence = {}) {
  Reconstruction what;
  what.endpoints = {trace};
  return CheckLives(TwoHosts(), evidence, what);
}

TEST(CheckLives, EqualSequencesAgree) {
  EXPECT_THAT(Lives(Traced(kActiveClose, kActiveClose)), IsEmpty());
  EXPECT_THAT(Lives(Traced({kSynSent, kEstablished}, {kSynSent, kEstablished})), IsEmpty());
}

TEST(CheckLives, ADoctoredSequenceIsAFindingWithBothTimelines) {
  const auto findings = Lives(Traced(kActiveClose, {kEstablished, kFinWait1, kClosing, kTimeWait}));
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].witness, Witness::kKernel);
  EXPECT_EQ(findings[0].weight, Verdict::kFail);
  EXPECT_THAT(findings[0].expected, HasSubstr("FIN-WAIT-2 at 2.00 ms, TIME-WAIT at 3.00 ms"));
  EXPECT_THAT(findings[0].actual, HasSubstr("CLOSING at 2.00 ms, TIME-WAIT at 3.00 ms"));
}

TEST(CheckLives, AStateThatOnlyOneOfThemHasIsAFinding) {
  EXPECT_THAT(Lives(Traced(kActiveClose, {kEstablished, kFinWait1, kFinWait2})), SizeIs(1));
  EXPECT_THAT(Lives(Traced({kEstablished, kFinWait1}, kActiveClose)), SizeIs(1));
  EXPECT_THAT(Lives(Traced({kEstablished, kClosed}, {kEstablished})), SizeIs(1));
}

TEST(CheckLives, ATimerEndsAnyStateWithoutASegment) {
  EXPECT_THAT(Lives(Traced({kEstablished, kFinWait1}, {kEstablished, kFinWait1, kClosed})),
              IsEmpty());
}

TEST(CheckLives, AnEndedSocketChangesItsStateNoMore) {
  EXPECT_THAT(
      Lives(Traced({kEstablished, kFinWait1, kFinWait2}, {kEstablished, kFinWait1, kClosed})),
      SizeIs(1));
}

TEST(CheckLives, AFinThatWaitsBehindDataIsAheadInTheKernel) {
  EndpointTrace trace =
      Traced({kEstablished, kFinWait1, kFinWait2}, {kEstablished, kFinWait1, kFinWait2});
  trace.wire[1].t_ns += 500 * kMs;
  trace.wire[2].t_ns += 500 * kMs;
  trace.life->transitions[2].t_ns += 500 * kMs;
  EXPECT_THAT(Lives(trace), IsEmpty());
  EXPECT_THAT(Lives(Traced({kEstablished, kCloseWait}, {kEstablished, kFinWait1, kClosing})),
              IsEmpty());
}

TEST(CheckLives, OneSegmentThatAcknowledgesAndEndsPassesThroughFinWait2) {
  EndpointTrace trace = Traced({kEstablished, kFinWait1, kTimeWait}, kActiveClose);
  trace.life->transitions[3].t_ns = trace.life->transitions[2].t_ns + 1000;
  trace.wire[2].t_ns = trace.life->transitions[2].t_ns;
  EXPECT_THAT(Lives(trace), IsEmpty());
  trace.life->transitions[3].t_ns += 10 * kMs;
  EXPECT_THAT(Lives(trace), SizeIs(1));
}

TEST(CheckLives, TheSameTransitionMuchLaterIsAFindingUnlessTheMachineStoodStill) {
  EndpointTrace trace = Traced(kActiveClose, kActiveClose);
  trace.life->transitions[3].t_ns += 80 * kMs;
  ASSERT_THAT(Lives(trace), SizeIs(1));
  EXPECT_EQ(Lives(trace)[0].weight, Verdict::kFail);
  Evidence evidence;
  evidence.events.push_back({.data = ProbeRead{.name = "wake-up overshoot",
                                               .value = std::chrono::milliseconds(90),
                                               .margin = std::chrono::milliseconds(10)}});
  ASSERT_THAT(Lives(trace, evidence), SizeIs(1));
  EXPECT_EQ(Lives(trace, evidence)[0].weight, Verdict::kInconclusive);
  EXPECT_THAT(Lives(trace, evidence)[0].note, HasSubstr("wake-up overshoot"));
}

TEST(CheckLives, APathThatRfc9293DoesNotHaveIsInconclusiveOnlyWhereEventsWereMissed) {
  const EndpointTrace trace = Traced(kActiveClose, {kEstablished, kFinWait2, kTimeWait});
  ASSERT_THAT(Lives(trace), SizeIs(1));
  EXPECT_EQ(Lives(trace)[0].weight, Verdict::kFail);
  Evidence evidence;
  evidence.events = {{.data = TraceClosed{"server", 0, 1}}, {.data = TraceClosed{"client", 0, 0}}};
  EXPECT_EQ(Lives(trace, evidence).at(0).weight, Verdict::kFail) << "of another host";
  evidence.events[1] = {.data = TraceClosed{"client", 0, 2}};
  EXPECT_EQ(Lives(trace, evidence).at(0).weight, Verdict::kInconclusive);
  EXPECT_THAT(Lives(trace, evidence).at(0).note, HasSubstr("missed trace events: 2"));
}

TEST(CheckLives, AnOrderThatIsWrongIsNeverInconclusive) {
  Evidence evidence;
  evidence.events.push_back({.data = ProbeRead{.name = "wake-up overshoot",
                                               .value = std::chrono::milliseconds(90),
                                               .margin = std::chrono::milliseconds(10)}});
  const auto findings =
      Lives(Traced(kActiveClose, {kEstablished, kCloseWait, kLastAck, kClosed}), evidence);
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].weight, Verdict::kFail);
}

}  // namespace
}  // namespace lastack

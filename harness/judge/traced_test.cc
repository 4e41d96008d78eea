// What the kernel's tracepoints told, joined to endpoints and segments.
#include "judge/traced.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "judge/judging_test.h"

namespace lastack {
namespace {

using judging::kClient;
using judging::kMs;
using judging::kServer;
using judging::Sent;
using judging::Trace;
using judging::WithSegments;
using testing::ElementsAre;
using testing::IsEmpty;
using enum State;

// A traced client whose states follow one another a millisecond apart, then the end of its trace.
Evidence TracedClient(const std::vector<State>& states, int64_t lost = 0, int64_t missed = 0) {
  Evidence evidence;
  State from = kClosed;
  for (const State to : states) {
    const auto id = static_cast<int64_t>(evidence.events.size()) + 1;
    evidence.events.push_back({.id = id,
                               .t_ns = id * kMs,
                               .data = KernelTraced{.host = "client",
                                                    .cookie = 7,
                                                    .local = kClient,
                                                    .remote = kServer,
                                                    .from = from,
                                                    .to = to}});
    from = to;
  }
  evidence.events.push_back({.data = TraceClosed{"client", lost, missed}});
  return evidence;
}

// An endpoint of that client, sampled in these states a second later.
Reconstruction SampledClient(const std::vector<State>& samples) {
  EndpointTrace trace = Trace("client", {}, {});
  trace.endpoint.cookie = 7;
  for (const State state : samples) {
    trace.kernel.push_back({.state = state, .t0_ns = 1000 * kMs, .t1_ns = 1000 * kMs});
  }
  Reconstruction what;
  what.endpoints = {trace};
  return what;
}

Reconstruction Joined(const Evidence& evidence, Reconstruction what) {
  AddTraced(evidence, &what);
  return what;
}

TEST(AddTraced, AnEndpointHasTheLifeOfItsCookie) {
  const auto what = Joined(TracedClient({kEstablished, kFinWait1}), SampledClient({kFinWait1}));
  ASSERT_TRUE(what.endpoints[0].life);
  EXPECT_EQ(what.endpoints[0].life->transitions.size(), 2);
  EXPECT_THAT(what.untold, IsEmpty());
}

TEST(AddTraced, ALifeWithAGapIsNoWitness) {
  const auto what = Joined(TracedClient({kEstablished, kFinWait1}, 1), SampledClient({kFinWait1}));
  EXPECT_FALSE(what.endpoints[0].life);
}

TEST(AddTraced, ALifeThatLacksASampledStateIsNoWitnessWhereProgramsWereKeptFromRunning) {
  const Evidence kept = TracedClient({kEstablished, kFinWait1}, 0, 1);
  const auto what = Joined(kept, SampledClient({kFinWait2}));
  EXPECT_FALSE(what.endpoints[0].life);
  EXPECT_THAT(what.untold, ElementsAre("client"));
  EXPECT_TRUE(Joined(kept, SampledClient({kFinWait1})).endpoints[0].life);
  const Evidence whole = TracedClient({kEstablished, kFinWait1});
  EXPECT_TRUE(Joined(whole, SampledClient({kFinWait2})).endpoints[0].life) << "it is judged";
}

TEST(AddTraced, ALifeIsNoWitnessWhereTheEndWasSeenAndNotToldInTime) {
  const Evidence without_end = TracedClient({kEstablished, kFinWait1});
  const auto what = Joined(without_end, SampledClient({kFinWait1, kClosed}));
  EXPECT_FALSE(what.endpoints[0].life);
  EXPECT_THAT(what.untold, ElementsAre("client"));
  const Evidence with_end = TracedClient({kEstablished, kFinWait1, kClosed});
  EXPECT_TRUE(Joined(with_end, SampledClient({kFinWait1, kClosed})).endpoints[0].life);
  Reconstruction looked_before = SampledClient({kFinWait1, kClosed});
  looked_before.endpoints[0].kernel.back() = {
      .state = kClosed, .t0_ns = 2 * kMs, .t1_ns = 2 * kMs + 1, .step = kAfterLastStep};
  EXPECT_FALSE(Joined(with_end, looked_before).endpoints[0].life);
}

Evidence ReasonsTold(const std::vector<std::string>& reasons) {
  Evidence evidence = TracedClient({});
  for (const std::string& reason : reasons) {
    evidence.events.push_back({.data = KernelTraced{.host = "client",
                                                    .what = TraceKind::kRstSent,
                                                    .local = kClient,
                                                    .remote = kServer,
                                                    .reason = reason}});
  }
  return evidence;
}

std::vector<std::string> ReasonsOf(const Reconstruction& what) {
  std::vector<std::string> reasons;
  for (const SeenSegment& seen : what.segments) {
    reasons.push_back(seen.reason);
  }
  return reasons;
}

TEST(AddTraced, ReasonsGoToResetsInTheirOrder) {
  const auto resets = WithSegments({Sent("client", {.rst = true}, 101, 0),
                                    Sent("server", {.rst = true}, 501, 0),
                                    Sent("client", {.rst = true}, 102, 0)});
  EXPECT_THAT(ReasonsOf(Joined(ReasonsTold({"TCP_STATE", "NO_SOCKET"}), resets)),
              ElementsAre("TCP_STATE", "", "NO_SOCKET"));
  EXPECT_THAT(ReasonsOf(Joined(ReasonsTold({"TCP_STATE", "NOT_SPECIFIED"}), resets)),
              ElementsAre("TCP_STATE", "", ""));
}

TEST(AddTraced, WhereTheCountsDifferNoReasonIsGiven) {
  const auto resets = WithSegments({Sent("client", {.rst = true}, 101, 0)});
  EXPECT_THAT(ReasonsOf(Joined(ReasonsTold({"TCP_STATE", "NO_SOCKET"}), resets)), ElementsAre(""));
}

}  // namespace
}  // namespace lastack

// What the time that a wait took counts from.
#include "judge/waits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "judge/judging_test.h"
#include "judge/step_events.h"

namespace lastack {
namespace {

using judging::kMs;
using judging::Sent;
using judging::TwoHosts;
using testing::IsEmpty;
using testing::SizeIs;

// A FIN that is sent twice, 200 ms apart; the first one is lost. The runner looked much later.
std::vector<Finding> CheckFinSentAgain(Range<Duration> took) {
  Scenario scenario = TwoHosts();
  const WaitStep wait{.what = WaitSegment{.match = {.from = "server", .flags = "FIN"}},
                      .took = took};
  scenario.steps.push_back({.place = {9, 3}, .text = "wait", .what = wait});
  Reconstruction what;
  const auto add = [&](const std::string& host, bool sent, int64_t t_ns) {
    SeenSegment seen = Sent("server", {.fin = true, .ack = true}, 100, 200);
    seen.host = host;
    seen.sent = sent;
    seen.t_ns = t_ns;
    what.segments.push_back(seen);
  };
  add("server", true, 5 * kMs);
  add("server", true, 205 * kMs);
  add("client", false, 206 * kMs);
  Evidence evidence;
  evidence.events.push_back({.id = 1, .data = StepStarted{0}});
  evidence.events.push_back(
      {.id = 2,
       .data = WaitFinished{.step = 0, .fulfilled = true, .took = std::chrono::milliseconds(900)}});
  EventsByStep events(evidence.events);
  return CheckWait({scenario, evidence, what, &events, 0}, wait);
}

TEST(CheckWait, ASegmentsTimeIsItsSendersTimer) {
  using std::chrono::milliseconds;
  EXPECT_THAT(CheckFinSentAgain({milliseconds(200), milliseconds(200)}), IsEmpty());
  EXPECT_THAT(CheckFinSentAgain({milliseconds(201), milliseconds(1000)}), SizeIs(1));
}

}  // namespace
}  // namespace lastack

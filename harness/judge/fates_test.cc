// What the relay did with segments: lost, held for ever, made on the way, and what nobody sent.
#include "judge/fates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "judge/judging_test.h"

namespace lastack {
namespace {

using judging::kClient;
using judging::kMs;
using judging::kServer;
using judging::Sent;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr Flags kFinAck{.fin = true, .ack = true};

WireDecided FinOfClient(WireDecision what) {
  return {.rule = "rule",
          .what = what,
          .from = "client",
          .segment = {kClient, kServer, 101, 501, "FIN,ACK", 0}};
}

SeenSegment FinAt(int64_t t_ns, bool received = false) {
  SeenSegment seen = Sent("client", kFinAck, 101, 501);
  seen.t_ns = t_ns;
  if (received) {
    seen.host = "server";
    seen.sent = false;
  }
  return seen;
}

class Fates : public testing::Test {
 protected:
  void Decide(int64_t t_ns, EventData data) {
    const auto id = static_cast<int64_t>(evidence_.events.size()) + 1;
    evidence_.events.push_back({.id = id, .source = "wire", .t_ns = t_ns, .data = std::move(data)});
  }
  std::vector<int64_t> Mark() { return MarkFates(evidence_, &captures_); }
  [[nodiscard]] std::vector<bool> Lost() const {
    std::vector<bool> lost;
    for (const SeenSegment& seen : captures_[0]) {
      lost.push_back(seen.lost);
    }
    return lost;
  }

  Evidence evidence_;
  std::vector<SeenSegments> captures_{{}, {}};  // client, server
};

TEST_F(Fates, OfEqualSegmentsTheOneSentBeforeTheDecisionIsLost) {
  captures_[0] = {FinAt(1 * kMs), FinAt(201 * kMs), FinAt(602 * kMs)};
  Decide(202 * kMs, FinOfClient(WireDecision::kDropped));
  EXPECT_THAT(Mark(), IsEmpty());
  EXPECT_THAT(Lost(), ElementsAre(false, true, false));
}

TEST_F(Fates, EqualSegmentsWithinTheClocksMarginHaveTheirOwnDecisions) {
  captures_[0] = {FinAt(kMs), FinAt(kMs + 50'000)};
  Decide(kMs + 10'000, FinOfClient(WireDecision::kDropped));
  Decide(kMs + 60'000, FinOfClient(WireDecision::kDropped));
  EXPECT_THAT(Mark(), IsEmpty());
  EXPECT_THAT(Lost(), ElementsAre(true, true));
}

TEST_F(Fates, WhatIsHeldIsLostUnlessItIsReleased) {
  captures_[0] = {FinAt(1 * kMs)};
  Decide(1 * kMs, FinOfClient(WireDecision::kHeld));
  EXPECT_THAT(Mark(), IsEmpty());
  EXPECT_THAT(Lost(), ElementsAre(true));

  captures_[0] = {FinAt(1 * kMs)};
  Decide(9 * kMs, FinOfClient(WireDecision::kReleased));
  EXPECT_THAT(Mark(), IsEmpty());
  EXPECT_THAT(Lost(), ElementsAre(false));
}

TEST_F(Fates, ACutLosesWhatIsHeld) {
  captures_[0] = {FinAt(1 * kMs), FinAt(8 * kMs)};
  Decide(1 * kMs, FinOfClient(WireDecision::kHeld));
  Decide(9 * kMs, FinOfClient(WireDecision::kCut));  // the one held, not the one sent last
  EXPECT_THAT(Mark(), IsEmpty());
  EXPECT_THAT(Lost(), ElementsAre(true, false));
}

TEST_F(Fates, AnInjectedSegmentIsTheOneThatArrivesAfterItWasMade) {
  captures_[0] = {FinAt(1 * kMs)};
  captures_[1] = {FinAt(2 * kMs, true), FinAt(9 * kMs, true)};
  Decide(8 * kMs, FinOfClient(WireDecision::kInjected));
  EXPECT_THAT(Mark(), IsEmpty());
  EXPECT_FALSE(captures_[1][0].injected);
  EXPECT_TRUE(captures_[1][1].injected);
}

TEST_F(Fates, ADecisionAboutWhatNobodySentIsReported) {
  Decide(1 * kMs, FinOfClient(WireDecision::kDropped));
  EXPECT_THAT(Mark(), ElementsAre(1));
}

TEST_F(Fates, TheCaptureOfAVanishedHostEndsBeforeTheHost) {
  Decide(1 * kMs, HostChanged{0, "client", "vanished"});
  Decide(2 * kMs, FinOfClient(WireDecision::kCut));
  EXPECT_THAT(Mark(), IsEmpty());
}

}  // namespace
}  // namespace lastack

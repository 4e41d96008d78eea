// Listed segments against those that were sent.
#include "judge/segments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "judge/judging_test.h"

namespace lastack {
namespace {

using judging::kMs;
using judging::Received;
using judging::Sent;
using judging::TwoHosts;
using judging::WithSegments;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Flags kSyn{.syn = true};
constexpr Flags kSynAck{.syn = true, .ack = true};
constexpr Flags kAck{.ack = true};
constexpr Flags kFin{.fin = true, .ack = true};
constexpr Flags kRst{.rst = true};

std::vector<SeenSegment> Handshake() {
  return {Sent("client", kSyn, 100, 0),
          Sent("server", kSynAck, 500, 101),
          Sent("client", kAck, 101, 501)};
}

std::vector<SeenSegment> ClientClosesFirst() {
  auto segments = Handshake();
  for (const auto& segment : {Sent("client", kFin, 101, 501),
                              Sent("server", kAck, 501, 102),
                              Sent("server", kFin, 501, 102),
                              Sent("client", kAck, 102, 502)}) {
    segments.push_back(segment);
  }
  return segments;
}

std::vector<Finding> Check(std::vector<ExpectedSegment> expected,
                           const Reconstruction& what,
                           const Evidence& evidence = {}) {
  Scenario scenario = TwoHosts();
  scenario.segments.emplace();
  scenario.segments->push_back({.connection = "", .segments = std::move(expected)});
  return CheckSegments(scenario, evidence, what);
}

TEST(CheckSegments, AcceptsTheListInItsOrder) {
  const auto what = WithSegments(ClientClosesFirst());
  EXPECT_THAT(
      Check({{"client", "FIN"}, {"server", "ACK"}, {"server", "FIN"}, {"client", "ACK"}}, what),
      IsEmpty());
  EXPECT_THAT(Check({{"client", "FIN"}, {"server", "FIN"}}, what), IsEmpty());
}

TEST(CheckSegments, TheHandshakeMayBeListed) {
  const auto what = WithSegments(ClientClosesFirst());
  EXPECT_THAT(
      Check({{"client", "SYN"}, {"server", "SYN,ACK"}, {"client", "FIN"}, {"server", "FIN"}}, what),
      IsEmpty());
}

TEST(CheckSegments, ASynBelongsToTheHandshakeUntilItsAckHasCome) {
  const SeenSegment again = Sent("server", kSynAck, 500, 101);
  const SeenSegment fin = Sent("client", kFin, 101, 501);
  auto on_the_way = Handshake();
  on_the_way.insert(on_the_way.end(), {again, fin});
  EXPECT_THAT(Check({{"client", "FIN"}}, WithSegments(on_the_way)), IsEmpty());
  auto arrived = Handshake();
  arrived.insert(arrived.end(), {Received(arrived.back()), again, fin});
  ASSERT_THAT(Check({{"client", "FIN"}}, WithSegments(arrived)), SizeIs(1));
  EXPECT_THAT(Check({{"client", "FIN"}}, WithSegments(arrived))[0].actual,
              HasSubstr("server SYN,ACK"));
}

TEST(CheckSegments, WhatIsNotListedIsAFinding) {
  const auto findings = Check({{"client", "FIN"}}, WithSegments(ClientClosesFirst()));
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_THAT(findings[0].expected, HasSubstr("no further"));
  EXPECT_THAT(findings[0].actual, HasSubstr("server FIN"));
  EXPECT_THAT(findings[0].packets, testing::ElementsAre(6));
}

// The machine stood still for a time in a step that took the first second.
Evidence StoodStill(Duration duration) {
  Evidence evidence;
  evidence.events = {{.t_ns = 0, .data = StepStarted{0}},
                     {.t_ns = 1000 * kMs,
                      .data = ProbeRead{.name = "wake-up overshoot",
                                        .value = duration,
                                        .margin = std::chrono::milliseconds(10)}}};
  return evidence;
}

TEST(CheckSegments, ARepetitionIsInconclusiveWhereTheMachineStoodStillForTheTimeOut) {
  auto segments = ClientClosesFirst();
  segments.insert(segments.begin() + 4, segments[3]);
  auto what = WithSegments(segments);
  for (size_t i = 4; i < what.segments.size(); ++i) {
    what.segments[i].t_ns += 200 * kMs;
  }
  const std::vector<ExpectedSegment> expected = {{"client", "FIN"}, {"server", "FIN"}};
  ASSERT_THAT(Check(expected, what), SizeIs(1));
  EXPECT_EQ(Check(expected, what)[0].weight, Verdict::kFail);
  const auto stood_still = Check(expected, what, StoodStill(std::chrono::milliseconds(230)));
  ASSERT_THAT(stood_still, SizeIs(1));
  EXPECT_EQ(stood_still[0].weight, Verdict::kInconclusive);
  EXPECT_THAT(stood_still[0].note, HasSubstr("sent again after 201.0 ms; wake-up overshoot of"));
  EXPECT_THAT(stood_still[0].packets, testing::ElementsAre(5));
  EXPECT_EQ(Check(expected, what, StoodStill(std::chrono::milliseconds(150)))[0].weight,
            Verdict::kFail)
      << "it stood still for less than the time-out";
  const Reconstruction at_once = WithSegments(segments);
  EXPECT_EQ(Check(expected, at_once, StoodStill(std::chrono::milliseconds(230)))[0].weight,
            Verdict::kFail)
      << "no time-out is that short";
  for (SeenSegment& seen : what.segments) {
    seen.t_ns += 2000 * kMs;
  }
  EXPECT_EQ(Check(expected, what, StoodStill(std::chrono::milliseconds(230)))[0].weight,
            Verdict::kFail)
      << "it stood still at another time";
}

TEST(CheckSegments, TheLinksRoundTripIsPartOfTheTimeOut) {
  auto segments = ClientClosesFirst();
  segments.insert(segments.begin() + 4, segments[3]);
  auto what = WithSegments(segments);
  what.segments[4].t_ns += 400 * kMs;
  Scenario scenario = TwoHosts();
  scenario.segments = {{.connection = "", .segments = {{"client", "FIN"}, {"server", "FIN"}}}};
  const Evidence evidence = StoodStill(std::chrono::milliseconds(230));
  EXPECT_EQ(CheckSegments(scenario, evidence, what).at(0).weight, Verdict::kFail);
  scenario.link_delay = std::chrono::milliseconds(100);
  EXPECT_EQ(CheckSegments(scenario, evidence, what).at(0).weight, Verdict::kInconclusive);
}

TEST(CheckSegments, WhatIsWrongBesidesARepetitionFails) {
  auto segments = ClientClosesFirst();
  segments.insert(segments.begin() + 4, segments[3]);
  const Evidence evidence = StoodStill(std::chrono::milliseconds(230));
  const auto findings =
      Check({{"client", "FIN"}, {"server", "RST"}}, WithSegments(segments), evidence);
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].weight, Verdict::kFail);
  EXPECT_EQ(Check({{"client", "FIN"}, {"server", "FIN"}, {"client", "FIN"}},
                  WithSegments(segments),
                  evidence)[0]
                .weight,
            Verdict::kFail);
}

TEST(CheckSegments, WhatIsMissingIsAFinding) {
  const auto findings = Check({{"client", "FIN"}, {"server", "FIN"}, {"client", "RST"}},
                              WithSegments(ClientClosesFirst()));
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].actual, "no such segment was sent");
}

TEST(CheckSegments, TheOrderMatters) {
  EXPECT_THAT(Check({{"server", "FIN"}, {"client", "FIN"}}, WithSegments(ClientClosesFirst())),
              SizeIs(1));
}

TEST(CheckSegments, AnAckMustCoverEverythingSentBefore) {
  auto segments = Handshake();
  segments.push_back(Sent("client", kFin, 101, 501));
  segments.push_back(Sent("server", kAck, 501, 101));  // does not cover the FIN
  EXPECT_THAT(Check({{"client", "FIN"}, {"server", "ACK"}}, WithSegments(segments)), SizeIs(1));
}

TEST(CheckSegments, AResetIsNoFinAndTheOtherWayRound) {
  auto segments = Handshake();
  segments.push_back(Sent("client", kRst, 101, 0));
  const auto what = WithSegments(segments);
  EXPECT_THAT(Check({{"client", "RST"}}, what), IsEmpty());
  EXPECT_THAT(Check({{"client", "FIN"}}, what), SizeIs(1));
}

TEST(CheckSegments, RepeatedSegmentsAreCounted) {
  auto segments = Handshake();
  segments.push_back(Sent("client", kFin, 101, 501));
  segments.push_back(Sent("client", kFin, 101, 501));
  const auto what = WithSegments(segments);
  EXPECT_THAT(Check({{.from = "client", .flags = "FIN", .times = 2}}, what), IsEmpty());
  EXPECT_THAT(Check({{.from = "client", .flags = "FIN", .times = 1}}, what), SizeIs(1));
  EXPECT_THAT(Check({{.from = "client", .flags = "FIN", .times = 3}}, what), SizeIs(1));
}

TEST(CheckSegments, PayloadIsComparedWhereItIsNamed) {
  auto segments = Handshake();
  segments.push_back(Sent("client", kFin, 101, 501));
  segments.back().segment.seg_len = 5;
  const auto what = WithSegments(segments);
  EXPECT_THAT(Check({{.from = "client", .flags = "FIN", .bytes = Range<int64_t>{5, 5}}}, what),
              IsEmpty());
  EXPECT_THAT(Check({{.from = "client", .flags = "FIN", .bytes = Range<int64_t>{6, 9}}}, what),
              SizeIs(1));
}

TEST(CheckSegments, ASegmentHasTheFateThatIsListed) {
  auto segments = Handshake();
  segments.push_back(Sent("client", kFin, 101, 501));
  segments.back().lost = true;
  segments.push_back(Sent("client", kFin, 101, 501));
  const auto what = WithSegments(segments);
  EXPECT_THAT(Check({{.from = "client", .flags = "FIN", .fate = Fate::kLost},
                     {.from = "client", .flags = "FIN"}},
                    what),
              IsEmpty());
  EXPECT_THAT(Check({{.from = "client", .flags = "FIN", .times = 2}}, what), SizeIs(1));
}

TEST(CheckSegments, AnAckNeedNotCoverWhatTheRelayMade) {
  auto segments = Handshake();
  segments.push_back(Received(Sent("client", kRst, 7000, 0)));
  segments.back().injected = true;
  segments.push_back(Sent("server", kAck, 501, 101));  // a challenge ACK
  EXPECT_THAT(Check({{.from = "client", .flags = "RST", .fate = Fate::kInjected},
                     {.from = "server", .flags = "ACK"}},
                    WithSegments(segments)),
              IsEmpty());
}

TEST(CheckSegments, AnInjectedSegmentIsFromTheHostThatItNames) {
  auto segments = Handshake();
  segments.push_back(Received(Sent("client", kRst, 101, 0)));
  segments.back().injected = true;
  const auto what = WithSegments(segments);
  EXPECT_THAT(Check({{.from = "client", .flags = "RST", .fate = Fate::kInjected}}, what),
              IsEmpty());
  EXPECT_THAT(Check({{.from = "client", .flags = "RST"}}, what), SizeIs(1));
}

TEST(Matches, FlagsAtLeastOrExactly) {
  const SeenSegment fin = Sent("client", kFin, 1, 1);
  EXPECT_TRUE(Matches({.flags = "FIN"}, fin, nullptr));
  EXPECT_FALSE(Matches({.flags = "FIN", .only = true}, fin, nullptr));
  EXPECT_TRUE(Matches({.flags = "FIN,ACK", .only = true}, fin, nullptr));
  EXPECT_FALSE(Matches({.flags = "RST"}, fin, nullptr));
  EXPECT_FALSE(Matches({.flags = "FIN", .has_bytes = true}, fin, nullptr));
}

}  // namespace
}  // namespace lastack

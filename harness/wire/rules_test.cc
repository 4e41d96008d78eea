// What each rule does to segments, and when it ends.
#include "wire/rules.h"

#include <chrono>

#include <gmock/gmock.h>

#include "wire/engine_fixture.h"

namespace lastack {
namespace {

using std::chrono::milliseconds;

class Rules : public EngineTest {};

TEST_F(Rules, WithoutRulesEverythingGoesOnUnchanged) {
  Handshake();
  Send(kServer, "PSH,ACK", 300);
  ASSERT_EQ(effects_.frames.size(), 1U);
  EXPECT_EQ(effects_.frames[0].bytes, last_[kServer]);
  EXPECT_EQ(effects_.frames[0].to, kClient);
  EXPECT_EQ(Decided(), "");
}

TEST_F(Rules, DropTakesEveryMatchAndNothingElse) {
  Handshake();
  Add(Drop("lose", kClientFin));
  Send(kServer, "FIN,ACK");
  Send(kClient, "ACK");
  Send(kClient, "FIN,ACK");
  Resend(kClient);
  EXPECT_EQ(Happened(), "< FIN,ACK, > ACK");
  EXPECT_EQ(Decided(), "dropped lose FIN,ACK, dropped lose FIN,ACK");
  EXPECT_EQ(engine_.Counts().at("lose"), 2);
}

TEST_F(Rules, NthCountsRetransmissionsFromWhenTheRuleWasAdded) {
  Handshake();
  Send(kClient, "FIN,ACK");
  Add(Drop("second", Nth(kClientFin, 2, 3)));
  for (int i = 0; i < 4; ++i) {
    Resend(kClient);
  }
  EXPECT_EQ(Happened(), "> FIN,ACK, > FIN,ACK, > FIN,ACK") << "before, first and fourth";
  EXPECT_EQ(engine_.Counts().at("second"), 2);
}

TEST_F(Rules, TheFirstThatMatchesTakesTheSegmentButAllCount) {
  Handshake();
  Add(Drop("first", Nth(kClientFin, 1, 1)));
  Add(Drop("second", Nth(kClientFin, 2, 2)));
  Send(kClient, "FIN,ACK");
  Resend(kClient);
  EXPECT_EQ(Decided(), "dropped first FIN,ACK, dropped second FIN,ACK");
  Resend(kClient);
  EXPECT_EQ(Happened(), "> FIN,ACK");
}

TEST_F(Rules, OnlyMeansExactlyTheseFlags) {
  Handshake();
  SegmentMatch pure{.from = "client", .flags = "ACK", .only = true};
  Add(Drop("acks", pure));
  Send(kClient, "PSH,ACK", 5);
  Send(kClient, "ACK");
  EXPECT_EQ(Happened(), "> PSH,ACK 5");
}

TEST_F(Rules, BytesAndSequenceNumbersAreCompared) {
  Handshake();
  SegmentMatch second = ServerData();
  second.seq = Range<int64_t>{101, 150};
  Add(Drop("second", second));
  Send(kServer, "ACK", 100);  // 1..100; its SYN had the last number before 0
  Send(kServer, "ACK", 50);
  Send(kServer, "ACK");
  EXPECT_EQ(Happened(), "< ACK 100, < ACK");
}

TEST_F(Rules, DuplicateSendsTwice) {
  Handshake();
  WireRule rule = Drop("twice", Nth(kServerFin, 1, 1));
  rule.action = WireAction::kDuplicate;
  Add(rule);
  Send(kServer, "FIN,ACK");
  Resend(kServer);
  EXPECT_EQ(Happened(), "< FIN,ACK, < FIN,ACK, < FIN,ACK");
  EXPECT_EQ(Decided(), "duplicated twice FIN,ACK");
}

TEST_F(Rules, SimultaneousCloseWhicheverFinComesFirst) {
  for (const size_t first : {kClient, kServer}) {
    NewConnection(static_cast<uint16_t>(50000 + first));
    const std::string number = std::to_string(first);
    Handshake();
    SegmentMatch client = Nth(kClientFin, 1 + static_cast<int64_t>(first), 9);
    SegmentMatch server = Nth(kServerFin, 1 + static_cast<int64_t>(first), 9);
    Add(HoldUntil("server" + number, kServerFin, client));
    Add(HoldUntil("client" + number, kClientFin, server));
    Send(first, "FIN,ACK");
    EXPECT_EQ(Happened(), "") << "the other has not closed yet";
    Send(1 - first, "FIN,ACK");
    EXPECT_EQ(Happened(), first == kClient ? "< FIN,ACK, > FIN,ACK" : "> FIN,ACK, < FIN,ACK")
        << "the one that was seen goes before the one that was held";
    EXPECT_EQ(engine_.Counts().at("server" + number), 1) << "matched, held or not";
    EXPECT_EQ(engine_.Counts().at("client" + number), 1);
  }
}

TEST_F(Rules, SeesCountsWhatCameBeforeTheRule) {
  Handshake();
  Send(kClient, "FIN,ACK");
  Happened();
  Add(HoldUntil("late", kServerFin, kClientFin));
  Add(HoldUntil("later", ServerData(), Nth(kClientFin, 2, 2)));
  Send(kServer, "ACK", 10);
  Send(kServer, "FIN,ACK");
  EXPECT_EQ(Happened(), "< FIN,ACK") << "it has seen the client's FIN long ago";
  Resend(kClient);
  EXPECT_EQ(Happened(), "> FIN,ACK, < ACK 10") << "the second FIN has been seen";
}

TEST_F(Rules, AHeldSegmentIsSeenByOtherRulesAndOvertaken) {
  Handshake();
  Add(HoldUntilStep("keep", kClientFin, 3));
  Add(HoldUntil("wait", kServerFin, kClientFin));
  Send(kServer, "FIN,ACK");
  Send(kClient, "FIN,ACK");
  EXPECT_EQ(Happened(), "< FIN,ACK");
  Send(kClient, "ACK");
  EXPECT_EQ(Happened(), "> ACK");
  EXPECT_EQ(Decided(), "held wait FIN,ACK, held keep FIN,ACK, released wait FIN,ACK");
}

TEST_F(Rules, HeldOnesGoOnInOrderOfArrivalWhenTheStepBegins) {
  Handshake();
  Add(HoldUntilStep("data", ServerData(), 4));
  Add(HoldUntilStep("fin", kServerFin, 4));
  Send(kServer, "ACK", 10);
  Send(kServer, "FIN,ACK");
  Send(kServer, "PSH,ACK", 20);
  engine_.BeginStep(3, NowNs(), &effects_);
  EXPECT_EQ(Happened(), "");
  engine_.BeginStep(4, NowNs(), &effects_);
  EXPECT_EQ(Happened(), "< ACK 10, < FIN,ACK, < PSH,ACK 20");
  Resend(kServer);
  EXPECT_EQ(Happened(), "< PSH,ACK 20") << "the hold is over";
  Add(HoldUntilStep("past", ServerData(), 2));
  Resend(kServer);
  EXPECT_EQ(Happened(), "< PSH,ACK 20") << "that step has begun before the rule was added";
}

TEST_F(Rules, DelayHoldsEachSegmentForItsTime) {
  Handshake();
  Add(DelayBy("slow", ServerData(), milliseconds(20)));
  Send(kServer, "ACK", 1);
  Tick(15);
  Send(kServer, "ACK", 2);
  Send(kServer, "ACK");
  EXPECT_EQ(Happened(), "< ACK") << "overtakes";
  EXPECT_EQ(engine_.NextDueNs(), NowNs() + 5 * kNsPerTick);
  Tick(5);
  EXPECT_EQ(Happened(), "< ACK 1");
  Tick(14);
  EXPECT_EQ(Happened(), "");
  Tick(1);
  EXPECT_EQ(Happened(), "< ACK 2");
  EXPECT_EQ(engine_.NextDueNs(), std::nullopt);
}

TEST_F(Rules, ReorderCountsOnlyWhatComesBehindTheHeldOne) {
  Handshake();
  Send(kServer, "ACK", 1);
  Happened();
  Add(Behind("swap", Nth(ServerData(), 1, 1), ServerData()));
  Send(kServer, "ACK", 2);
  EXPECT_EQ(Happened(), "") << "neither an earlier segment nor itself lets it go";
  Send(kServer, "ACK", 3);
  EXPECT_EQ(Happened(), "< ACK 3, < ACK 2");
}

TEST_F(Rules, ReorderWithoutNthSwapsTheFirstTwo) {
  Handshake();
  Add(Behind("swap", ServerData(), ServerData()));
  Send(kServer, "ACK", 2);
  Send(kServer, "ACK", 3);
  Send(kServer, "ACK", 4);
  EXPECT_EQ(Happened(), "< ACK 3, < ACK 2, < ACK 4");
}

TEST_F(Rules, RemoveAndReleaseLetGo) {
  Handshake();
  Add(HoldUntilStep("one", ServerData(), 9));
  Add(HoldUntilStep("two", kServerFin, 9));
  Send(kServer, "ACK", 10);
  Send(kServer, "FIN,ACK");
  ASSERT_TRUE(engine_.Remove("one", NowNs(), &effects_));
  EXPECT_EQ(Happened(), "< ACK 10");
  ASSERT_TRUE(engine_.Release("two", NowNs(), &effects_));
  Resend(kServer);
  EXPECT_EQ(Happened(), "< FIN,ACK, < FIN,ACK") << "a released rule lets everything pass";
  EXPECT_EQ(engine_.Counts().at("one"), 1) << "the count outlives the rule";
  EXPECT_FALSE(engine_.Remove("one", NowNs(), &effects_));
  EXPECT_EQ(engine_.Release("none", NowNs(), &effects_).error().message,
            "the wire has no rule \"none\"");
}

TEST_F(Rules, NamesAreUniqueAndRulesAreAddedAllOrNone) {
  Add(Drop("a", kClientFin));
  const Status twice = engine_.Add({Drop("b", kClientFin), Drop("a", kClientFin)});
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().message, "the wire has a rule \"a\" already");
  EXPECT_FALSE(engine_.Counts().contains("b"));
  const Status nobody = engine_.Add({Drop("c", {.from = "clint"})});
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().message, "there is no host \"clint\" at the wire");
  EXPECT_FALSE(engine_.Add({Drop("d", {.flags = "FIM"})}));
}

}  // namespace
}  // namespace lastack

// Lives put together from what tracepoints say of sockets and their mini-sockets.
#include "judge/kernel_lives.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lastack {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using enum State;

const SocketAddress kHere{"10.77.0.1", 40000};
const SocketAddress kThere{"10.77.0.2", 8080};

class Tracepoints {
 public:
  Tracepoints& State(enum State from, enum State to, SocketAddress local = kHere) {
    return Add({.what = TraceKind::kState, .local = std::move(local), .from = from, .to = to});
  }
  Tracepoints& Mini(TraceKind what, enum State state, Duration left = {}, std::string flags = {}) {
    return Add(
        {.what = what, .local = kHere, .to = state, .left = left, .flags = std::move(flags)});
  }
  Tracepoints& Add(KernelTraced traced) {
    traced.host = "client";
    traced.cookie = cookie_;
    traced.remote = kThere;
    const auto id = static_cast<int64_t>(events_.size()) + 1;
    events_.push_back({.id = id, .t_ns = id * 10, .data = std::move(traced)});
    return *this;
  }
  Tracepoints& Of(uint64_t cookie) {
    cookie_ = cookie;
    return *this;
  }
  // An active close up to an orphaned FIN-WAIT-2, whose mini-socket has a minute.
  Tracepoints& Orphan() {
    const SocketAddress no_port{"10.77.0.1", 0};
    return State(kClosed, kSynSent, no_port)
        .State(kSynSent, kEstablished)
        .State(kEstablished, kFinWait1)
        .State(kFinWait1, kFinWait2)
        .Mini(TraceKind::kTimerSet, kFinWait2, std::chrono::minutes(1))
        .State(kFinWait2, kClosed, no_port);
  }
  [[nodiscard]] std::vector<KernelLife> Lives() const { return KernelLives(events_); }
  [[nodiscard]] std::vector<enum State> States() const {
    std::vector<enum State> states;
    const KernelLife life = Lives().at(0);
    for (const KernelTransition& transition : life.transitions) {
      states.push_back(transition.to);
    }
    return states;
  }

 private:
  uint64_t cookie_ = 7;
  std::vector<Event> events_;
};

TEST(KernelLives, AMiniSocketGoesOnWhereItsSocketSaysClosed) {
  const Tracepoints traced = Tracepoints().Orphan();
  EXPECT_THAT(traced.States(), ElementsAre(kSynSent, kEstablished, kFinWait1, kFinWait2));
  const KernelLife life = traced.Lives().at(0);
  EXPECT_EQ(life.local, kHere);  // which its first and its last event did not know
  EXPECT_EQ(life.mini->end, MiniEnd::kNotYet);
  EXPECT_EQ(life.mini->planned_end_ns, 50 + 60'000'000'000);
}

TEST(KernelLives, WithoutAMiniSocketClosedIsTheEnd) {
  const Tracepoints traced =
      Tracepoints().State(kSynSent, kEstablished).State(kEstablished, kClosed);
  EXPECT_THAT(traced.States(), ElementsAre(kEstablished, kClosed));
  EXPECT_FALSE(traced.Lives().at(0).mini);
}

TEST(KernelLives, ASegmentShowsTimeWaitWhereTheTimerStaysInItsSlot) {
  Tracepoints traced = Tracepoints().Orphan().Mini(
      TraceKind::kMiniReceived, kTimeWait, std::chrono::minutes(1), "FIN,ACK");
  EXPECT_EQ(traced.States().back(), kTimeWait);
  traced.Mini(TraceKind::kTimerCancelled, kTimeWait).Mini(TraceKind::kTimerExpired, kTimeWait);
  EXPECT_EQ(traced.States().back(), kClosed);
  EXPECT_EQ(traced.Lives().at(0).mini->end, MiniEnd::kExpired);
}

TEST(KernelLives, ATimerThatIsSetAnewGoesOn) {
  const Tracepoints traced = Tracepoints()
                                 .Orphan()
                                 .Mini(TraceKind::kTimerCancelled, kTimeWait)
                                 .Mini(TraceKind::kTimerSet, kTimeWait, std::chrono::minutes(1));
  EXPECT_EQ(traced.States().back(), kTimeWait);
  EXPECT_EQ(traced.Lives().at(0).mini->end, MiniEnd::kNotYet);
}

TEST(KernelLives, ARstOrANewConnectionEndsAMiniSocketEarly) {
  Tracepoints traced = Tracepoints().Orphan().Mini(TraceKind::kTimerCancelled, kFinWait2);
  EXPECT_EQ(traced.States().back(), kClosed);
  EXPECT_EQ(traced.Lives().at(0).mini->end, MiniEnd::kTakenOff);
  traced.Mini(TraceKind::kMiniReceived, kFinWait2, {}, "RST");
  EXPECT_EQ(traced.Lives().at(0).mini->end, MiniEnd::kReset);
}

TEST(KernelLives, SocketsOfTheSameAddressesAreToldByTheirCookies) {
  const Tracepoints traced = Tracepoints()
                                 .Orphan()
                                 .Of(8)
                                 .State(kClosed, kSynSent)
                                 .Of(7)
                                 .Mini(TraceKind::kTimerCancelled, kFinWait2);
  ASSERT_THAT(traced.Lives(), SizeIs(2));
  EXPECT_EQ(traced.Lives()[0].transitions.back().to, kClosed);
  EXPECT_EQ(traced.Lives()[1].transitions.back().to, kSynSent);
}

TEST(KernelLives, CountsWhatElseHappened) {
  Tracepoints traced = Tracepoints().State(kSynSent, kEstablished);
  traced.Add({.what = TraceKind::kRetransmitted}).Add({.what = TraceKind::kRetransmitted});
  traced.Add({.what = TraceKind::kRstSent, .reason = "TCP_STATE"});
  traced.Add({.what = TraceKind::kRstReceived});
  const KernelLife life = traced.Lives().at(0);
  EXPECT_EQ(life.retransmissions, 2);
  EXPECT_TRUE(life.reset);
  ASSERT_THAT(life.rsts, SizeIs(1));
  EXPECT_EQ(life.rsts[0].reason, "TCP_STATE");
}

TEST(KernelLives, ARstOfNoSocketIsNobodysLife) {
  EXPECT_THAT(Tracepoints().Of(0).Add({.what = TraceKind::kRstSent}).Lives(), IsEmpty());
}

}  // namespace
}  // namespace lastack

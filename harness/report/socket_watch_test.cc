// Changes of sockets put together from what tracepoints say, and the lines that tell of them.
#include "report/socket_watch.h"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "report/socket_watch_text.h"

namespace lastack {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using enum State;

constexpr uint16_t kPort = 8080;
constexpr int64_t kMs = 1'000'000;
constexpr int64_t kLater = 100'000 * kMs;
const SocketAddress kHere{"10.77.0.1", 40000};
const SocketAddress kThere{"10.77.0.2", kPort};

// Each event is a millisecond after the one before.
class Tracepoints {
 public:
  explicit Tracepoints(uint16_t port = 0) : watch_(port) {}

  Tracepoints& State(enum State from, enum State to, WatchedProcess process = {}) {
    return Add({.what = TraceKind::kState, .cookie = 7, .local = kHere, .from = from, .to = to},
               std::move(process));
  }
  Tracepoints& Mini(TraceKind what, enum State state, Duration left = {}, std::string flags = {}) {
    return Add({.what = what,
                .cookie = 7,
                .local = kHere,
                .to = state,
                .left = left,
                .flags = std::move(flags)});
  }
  Tracepoints& What(TraceKind what, std::string reason = {}) {
    return Add({.what = what, .cookie = 7, .local = kHere, .reason = std::move(reason)});
  }
  Tracepoints& Add(KernelTraced traced, WatchedProcess process = {}) {
    traced.remote = kThere;
    now_ns_ += kMs;
    watch_.Add({now_ns_, std::move(traced), std::move(process)});
    return *this;
  }
  Tracepoints& Know(enum State state, bool mini = false) {
    watch_.Know({.cookie = 7, .local = kHere, .remote = kThere, .state = state, .mini = mini});
    return *this;
  }
  Tracepoints& TimeWait() {
    return State(kEstablished, kFinWait1)
        .State(kFinWait1, kFinWait2)
        .Mini(TraceKind::kTimerSet, kTimeWait, std::chrono::minutes(1))
        .State(kFinWait2, kClosed)
        .What(TraceKind::kDestroyed);
  }
  std::vector<SocketChange> Take(int64_t now_ns = kLater) { return watch_.Take(now_ns); }
  // What the lines say behind their columns.
  std::vector<std::string> Lines(int64_t now_ns = kLater) {
    std::vector<std::string> lines;
    for (const SocketChange& change : Take(now_ns)) {
      const std::string line = WatchLine(change, {});
      const size_t what = WatchHeading().find("WHAT");
      EXPECT_THAT(line, EndsWith("\n"));
      lines.push_back(line.substr(what, line.size() - what - 1));
    }
    return lines;
  }
  [[nodiscard]] size_t Sockets() const { return watch_.size(); }
  [[nodiscard]] int64_t now_ns() const { return now_ns_; }

 private:
  SocketWatch watch_;
  int64_t now_ns_ = 0;
};

TEST(SocketWatch, TellsAWholeCloseUntilTimeWaitExpires) {
  Tracepoints traced;
  traced.State(kClosed, kSynSent).State(kSynSent, kEstablished).TimeWait();
  EXPECT_THAT(traced.Lines(),
              ElementsAre("CLOSED → SYN-SENT",
                          "SYN-SENT → ESTABLISHED after 1.0 ms",
                          "ESTABLISHED → FIN-WAIT-1 after 1.0 ms",
                          "FIN-WAIT-1 → FIN-WAIT-2 after 1.0 ms",
                          "FIN-WAIT-2 → TIME-WAIT after 1.0 ms, 60.00 s left"));
  EXPECT_EQ(traced.Sockets(), 1U);
  traced.Mini(TraceKind::kTimerCancelled, kTimeWait).Mini(TraceKind::kTimerExpired, kTimeWait);
  EXPECT_THAT(traced.Lines(), ElementsAre("TIME-WAIT → CLOSED after 4.0 ms, expired"));
  EXPECT_EQ(traced.Sockets(), 0U);
}

TEST(SocketWatch, ACancelledTimerWithAResetMeansReset) {
  Tracepoints traced;
  traced.TimeWait()
      .Mini(TraceKind::kTimerCancelled, kTimeWait)
      .Mini(TraceKind::kMiniReceived, kTimeWait, {}, "RST");
  const std::vector<SocketChange> changes = traced.Take();
  ASSERT_FALSE(changes.empty());
  EXPECT_EQ(changes.back().end, MiniEnd::kReset);
  EXPECT_EQ(changes.back().t_ns, 6 * kMs);  // of the cancellation
  EXPECT_EQ(changes.back().left, std::chrono::seconds(60) - std::chrono::milliseconds(3));
  EXPECT_EQ(traced.Sockets(), 0U);
}

TEST(SocketWatch, ACancelledTimerThatNothingFollowsMeansTakenOff) {
  Tracepoints traced;
  traced.TimeWait().Mini(TraceKind::kTimerCancelled, kTimeWait);
  static_cast<void>(traced.Take(traced.now_ns()));
  EXPECT_THAT(traced.Lines(traced.now_ns() + 10 * kMs), IsEmpty());  // it may still be explained
  EXPECT_THAT(traced.Lines(),
              ElementsAre("TIME-WAIT → CLOSED after 3.0 ms, taken off, 60.00 s left"));
  EXPECT_EQ(traced.Sockets(), 0U);
  EXPECT_THAT(traced.Lines(), IsEmpty());
}

TEST(SocketWatch, ACancelledTimerThatIsSetAgainMeansRestarted) {
  Tracepoints traced;
  traced.TimeWait();
  static_cast<void>(traced.Take());
  traced.Mini(TraceKind::kTimerCancelled, kTimeWait)
      .Mini(TraceKind::kTimerSet, kTimeWait, std::chrono::minutes(1))
      .Mini(TraceKind::kMiniReceived, kTimeWait, std::chrono::minutes(1), "FIN,ACK");
  EXPECT_THAT(traced.Lines(), ElementsAre("TIME-WAIT restarted, 60.00 s left"));
  EXPECT_EQ(traced.Sockets(), 1U);
}

TEST(SocketWatch, AnOrphanGoesFromFinWait2ToTimeWaitAsAMiniSocket) {
  Tracepoints traced;
  traced.State(kFinWait1, kFinWait2)
      .Mini(TraceKind::kTimerSet, kFinWait2, std::chrono::minutes(1))
      .State(kFinWait2, kClosed)
      .What(TraceKind::kDestroyed)
      .Mini(TraceKind::kMiniReceived, kTimeWait, std::chrono::minutes(1), "FIN,ACK");
  EXPECT_THAT(traced.Lines(),
              ElementsAre("FIN-WAIT-1 → FIN-WAIT-2 after *",
                          "FIN-WAIT-2 → TIME-WAIT after 4.0 ms, 60.00 s left"));
}

TEST(SocketWatch, KnowsTheStateButNotTheAgeOfWhatWasThere) {
  Tracepoints traced;
  traced.Know(kTimeWait, true)
      .Mini(TraceKind::kTimerCancelled, kTimeWait)
      .Mini(TraceKind::kTimerExpired, kTimeWait);
  EXPECT_THAT(traced.Lines(), ElementsAre("TIME-WAIT → CLOSED after *, expired"));
  traced.Know(kEstablished).What(TraceKind::kRetransmitted).What(TraceKind::kRstReceived);
  EXPECT_THAT(traced.Lines(),
              ElementsAre("retransmission, in ESTABLISHED", "RST received, in ESTABLISHED"));
}

TEST(SocketWatch, ForgetsASocketOnlyAfterTheResetThatFollowsItsEnd) {
  Tracepoints traced;
  traced.State(kEstablished, kClosed)
      .What(TraceKind::kRstSent, "TCP_ABORT_ON_CLOSE")
      .What(TraceKind::kDestroyed)
      .Mini(TraceKind::kMiniReceived, kTimeWait, {}, "ACK");
  EXPECT_THAT(
      traced.Lines(),
      ElementsAre("ESTABLISHED → CLOSED after *", "RST sent, in CLOSED: TCP_ABORT_ON_CLOSE"));
  EXPECT_EQ(traced.Sockets(), 0U);
}

TEST(SocketWatch, TellsOfResetsThatNoSocketSent) {
  Tracepoints traced;
  traced.Add({.what = TraceKind::kRstSent, .local = kHere, .reason = "NO_SOCKET"});
  EXPECT_THAT(traced.Lines(), ElementsAre("RST sent, no socket: NO_SOCKET"));
}

TEST(SocketWatch, OnlyAPortsSocketsWithAnyOfTheirAddresses) {
  EXPECT_EQ(Tracepoints(kPort).TimeWait().Take().size(), 3U);
  EXPECT_EQ(Tracepoints(kHere.port).TimeWait().Take().size(), 3U);
  Tracepoints other(9);
  other.Know(kEstablished).TimeWait();
  EXPECT_THAT(other.Take(), IsEmpty());
  EXPECT_EQ(other.Sockets(), 0U);
}

TEST(SocketWatch, AProcessIsThatOfACallNotOfAnInterrupt) {
  Tracepoints traced;
  traced.State(kClosed, kSynSent, {12, "curl"})
      .State(kSynSent, kEstablished, {99, "bystander"})
      .State(kEstablished, kCloseWait, {98, "bystander"});
  const std::vector<SocketChange> changes = traced.Take();
  ASSERT_EQ(changes.size(), 3U);
  EXPECT_EQ(changes.at(0).process.pid, 12);
  EXPECT_EQ(changes.at(2).process.comm, "curl");
}

TEST(SocketWatch, AnAcceptedSocketIsNewAndNobodysUntilACallEndsIt) {
  Tracepoints traced;
  traced.State(kListen, kSynReceived, {99, "bystander"})
      .State(kSynReceived, kEstablished)
      .State(kEstablished, kCloseWait)
      .State(kCloseWait, kLastAck, {12, "nginx"});
  const std::vector<SocketChange> changes = traced.Take();
  ASSERT_EQ(changes.size(), 4U);
  EXPECT_THAT(WatchLine(changes.front(), {}), EndsWith("LISTEN → SYN-RECEIVED\n"));
  EXPECT_EQ(changes.at(2).process.pid, 0);
  EXPECT_EQ(changes.at(3).process.pid, 12);
}

TEST(SocketWatchText, HasItsColumnsAndNoControlCharacters) {
  const std::string line = WatchLine({.t_ns = 1'500'000,
                                      .cookie = 7,
                                      .local = {"10.77.0.1", 0},
                                      .remote = kThere,
                                      .from = kClosed,
                                      .to = kSynSent,
                                      .process = {12, "bad\x1b[31m\xff"}},
                                     {});
  EXPECT_THAT(line, HasSubstr(".001500  "));
  EXPECT_THAT(line, HasSubstr("/12 "));
  EXPECT_THAT(line, HasSubstr("  10.77.0.1:* "));
  EXPECT_THAT(line, HasSubstr("  10.77.0.2:8080 "));
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
}

TEST(SocketWatchText, JsonHasWhatIsKnownAndNullForWhatIsNot) {
  const SocketChange end = {.t_ns = 1,
                            .cookie = 7,
                            .local = kHere,
                            .remote = kThere,
                            .from = kTimeWait,
                            .to = kClosed,
                            .left = Duration(5),
                            .end = MiniEnd::kTakenOff,
                            .process = {12, "a\xff"}};
  const std::string line = WatchJson(end, {1'000'000'000});
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_EQ(json::parse(line),
            json({{"kind", "state"},
                  {"time", "1970-01-01T00:00:01.000000001Z"},
                  {"t_ns", 1},
                  {"cookie", 7},
                  {"local", "10.77.0.1:40000"},
                  {"remote", "10.77.0.2:8080"},
                  {"from", "TIME-WAIT"},
                  {"to", "CLOSED"},
                  {"age_ns", nullptr},
                  {"left_ns", 5},
                  {"end", "taken_off"},
                  {"pid", 12},
                  {"comm", "a\xEF\xBF\xBD"}}));
}

TEST(SocketWatchText, JsonOfAResetWithoutASocketHasNoState) {
  const json reset = json::parse(WatchJson(
      {.kind = ChangeKind::kRstSent, .local = kHere, .remote = kThere, .reason = "NO_SOCKET"}, {}));
  EXPECT_EQ(reset.at("reason"), "NO_SOCKET");
  EXPECT_FALSE(reset.contains("state"));
  EXPECT_FALSE(reset.contains("age_ns"));
  EXPECT_FALSE(reset.contains("pid"));
}

}  // namespace
}  // namespace lastack

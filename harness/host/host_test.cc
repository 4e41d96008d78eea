// What each request of the host does, and what its peers' lives look like from outside.
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "host/control.h"
#include "host/counters.h"
#include "host/host_fixture.h"

namespace lastack {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(HostTest, ClockReadsBothClocks) {
  const json clock = AskOk({{"do", "clock"}});
  EXPECT_LE(clock.at("monotonic").get<int64_t>(), MonotonicNs());
  EXPECT_LE(clock.at("realtime").get<int64_t>(), RealtimeNs());
  EXPECT_GT(clock.at("realtime").get<int64_t>(), RealtimeNs() - kPatience.count());
}

TEST_F(HostTest, EndsWithItsInputAndTakesThePeersAlong) {
  Spawn("server");
  to_host_.Reset();
  EXPECT_EQ(Next(), std::nullopt);
  TearDown();
  EXPECT_EQ(WEXITSTATUS(end_), 0);
  middle_ = -1;
}

TEST_F(HostTest, KeptHostOutlivesItsInput) {
  AskOk({{"do", "keep"}});
  Spawn("server");
  AskOk({{"do", "call"}, {"peer", "server"}, {"request", {{"id", 1}, {"call", "identity"}}}});
  to_host_.Reset();
  pollfd output{from_host_.get(), POLLIN, 0};
  Message("server", "finished");
  EXPECT_EQ(poll(&output, 1, 20), 0) << "the output is still open";
  std::array<char, 64> path{};
  // Only a KILL from outside ends it now: that of its middle process does not reach it.
  const std::string children =
      "/proc/" + std::to_string(middle_) + "/task/" + std::to_string(middle_) + "/children";
  const Fd file(open(children.c_str(), O_RDONLY | O_CLOEXEC));  // NOLINT(*-vararg)
  ASSERT_GT(read(file.get(), path.data(), path.size() - 1), 0);
  kill(std::stoi(path.data()), SIGKILL);
}

TEST_F(HostTest, PeerStartsCleanAndItsLinesComeInOrder) {
  Spawn("server");
  const json finished = Call("server", {{"id", 41}, {"call", "identity"}});
  const json identity = finished.at("results").at(0);
  EXPECT_EQ(identity.at("core"), 0);
  EXPECT_EQ(identity.at("blocked"), 0);
  EXPECT_EQ(identity.at("leader"), true);
  EXPECT_EQ(identity.at("open"), json({0, 1, 2, 3}));
  ASSERT_FALSE(events_.empty());
  EXPECT_EQ(events_.back().at("message").at("event"), "started");
  EXPECT_EQ(events_.back().at("message").at("id"), 41);
}

TEST_F(HostTest, ExitComesAfterTheLastLineAndTellsCodeOrSignal) {
  Spawn("server");
  Send({{"do", "call"},
        {"peer", "server"},
        {"request", {{"id", 3}, {"call", "exit"}, {"code", 7}}}});
  const json exit = Event("exit", "server");
  EXPECT_EQ(exit.at("code"), 7);
  EXPECT_FALSE(exit.contains("signal"));
  EXPECT_EQ(events_.back().at("message").at("event"), "started");

  Spawn("server");  // the name is free again
  const int64_t before_ns = MonotonicNs();
  const json sent = AskOk({{"do", "signal"}, {"peer", "server"}, {"signal", "KILL"}});
  EXPECT_GE(sent.at("t").get<int64_t>(), before_ns);
  const json killed = Event("exit", "server");
  EXPECT_EQ(killed.at("signal"), "KILL");
  EXPECT_FALSE(killed.contains("code"));
  const json late = Ask({{"do", "signal"}, {"peer", "server"}, {"signal", "KILL"}});
  EXPECT_EQ(late.at("error").at("message"), "peer server is not running");
}

TEST_F(HostTest, ForkedChildIsAPeerWithItsLinesAndItsExit) {
  Spawn("server");
  AskOk({{"do", "call"},
         {"peer", "server"},
         {"request", {{"id", 9}, {"call", "fork"}, {"as", "child"}}}});
  const json exit = Event("exit", "child");
  EXPECT_EQ(exit.at("code"), 5);
  std::vector<std::string> before;
  for (const json& event : events_) {
    if (event.value("event", "") == "peer") {
      before.push_back(event.at("peer").get<std::string>() + " " +
                       event.at("message").at("event").get<std::string>());
    }
  }
  EXPECT_THAT(before, testing::IsSupersetOf({"server forked", "child started"}));
  const auto forked = std::ranges::find(before, "server forked");
  EXPECT_LT(forked, std::ranges::find(before, "child started"));
}

TEST_F(HostTest, PassHandsASocketToAnotherPeer) {
  Spawn("server");
  Spawn("heir");
  Call("server", {{"id", 10}, {"call", "listen"}, {"port", 8080}});
  const int64_t pass = Send({{"do", "pass"},  // waits: the socket is not there yet
                             {"from", "server"},
                             {"to", "heir"},
                             {"call", 11},
                             {"request", {{"id", 12}, {"call", "receive_socket"}}}});
  Send({{"do", "call"}, {"peer", "server"}, {"request", {{"id", 11}, {"call", "send_socket"}}}});
  EXPECT_TRUE(Answer(pass).contains("ok"));
  EXPECT_EQ(Message("heir", "finished").at("results").at(0).at("listening"), 1);

  const json none = Ask({{"do", "pass"},
                         {"from", "server"},
                         {"to", "heir"},
                         {"call", 10},
                         {"request", {{"id", 13}, {"call", "receive_socket"}}}});
  EXPECT_EQ(none.at("error").at("message"), "peer server has handed over no socket");
}

TEST_F(HostTest, SpawnOfWhatIsNoPeerFails) {
  const json missing = Ask({{"do", "spawn"}, {"peer", "a"}, {"program", "/nonexistent"}});
  EXPECT_THAT(missing.at("error").at("message").get<std::string>(),
              HasSubstr("cannot execute /nonexistent: No such file"));
  const json silent = Ask({{"do", "spawn"}, {"peer", "a"}, {"program", "/bin/false"}});
  EXPECT_EQ(silent.at("error").at("message"), "peer a exited with 1 before its hello");
  EXPECT_EQ(silent.at("error").at("kind"), "system");
}

TEST_F(HostTest, SpawnsAsAnotherUser) {
  const json spawned =
      Ask({{"do", "spawn"}, {"peer", "a"}, {"program", "/proc/self/exe"}, {"user", "nobody"}});
  if (spawned.contains("error")) {
    EXPECT_EQ(spawned.at("error").at("kind"), "permission");
    GTEST_SKIP() << spawned.at("error").at("message");
  }
  EXPECT_EQ(Call("a", {{"id", 1}, {"call", "identity"}}).at("results").at(0).at("uid"), 65534);
  Spawn("b");  // the agent itself has not changed
  EXPECT_NE(Call("b", {{"id", 2}, {"call", "identity"}}).at("results").at(0).at("uid"), 65534);
}

TEST_F(HostTest, AwaitStatesAnswersWhenReachedOrAtItsEnd) {
  const json wait = {{"do", "await_states"},
                     {"sockets", {Listener(8080)}},
                     {"states", {{"LISTEN"}}},
                     {"within", 20'000'000}};
  const json early = AskOk(wait);
  EXPECT_EQ(early.at("reached"), false);
  EXPECT_EQ(early.at("samples").at(0).at("state"), "CLOSED");

  json long_wait = wait;
  long_wait["within"] = kPatience.count();
  const int64_t pending = Send(long_wait);
  Spawn("server");  // the host goes on with its work
  Send({{"do", "call"},
        {"peer", "server"},
        {"request", {{"id", 10}, {"call", "listen"}, {"port", 8080}}}});
  const json reached = Answer(pending).at("ok");
  EXPECT_EQ(reached.at("reached"), true);
  EXPECT_EQ(reached.at("samples").at(0).at("state"), "LISTEN");
  EXPECT_LE(reached.at("t0").get<int64_t>(), reached.at("t1").get<int64_t>());
}

TEST_F(HostTest, RebindTellsTheErrorAndWaitsUntilThePortIsFree) {
  json rebind = {{"do", "rebind"}, {"family", "v4"}, {"address", {"127.0.0.1", 8080}}};
  EXPECT_EQ(AskOk(rebind).at("value"), 0);
  Spawn("server");
  Call("server", {{"id", 10}, {"call", "listen"}, {"port", 8080}});
  rebind["options"] = json::array({json::array({"SO_REUSEADDR", 1})});
  const json taken = AskOk(rebind);
  EXPECT_EQ(taken.at("error"), "EADDRINUSE");
  EXPECT_EQ(taken.at("failed_call"), "bind");
  EXPECT_EQ(taken.at("attempts"), 1);

  rebind["until_ok"] = true;
  rebind["within"] = 100'000'000;
  const json late = AskOk(rebind);
  EXPECT_EQ(late.at("error"), "EADDRINUSE");
  EXPECT_GT(late.at("attempts"), 1);
  EXPECT_GE(late.at("latency"), 100'000'000);
  rebind["within"] = kPatience.count();
  const int64_t pending = Send(rebind);
  AskOk({{"do", "signal"}, {"peer", "server"}, {"signal", "KILL"}});
  const json free = Answer(pending).at("ok");
  EXPECT_EQ(free.at("value"), 0);
  EXPECT_GT(free.at("latency"), 0);
}

TEST_F(HostTest, RebindAsAnotherUserChangesOnlyItsOwnThread) {
  const json rebind = {
      {"do", "rebind"}, {"family", "v4"}, {"address", {"127.0.0.1", 80}}, {"user", "nobody"}};
  const json refused = Ask(rebind);
  if (refused.contains("error")) {
    GTEST_SKIP() << refused.at("error").at("message");
  }
  EXPECT_EQ(refused.at("ok").at("error"), "EACCES");  // a reserved port
  json own = rebind;
  own.erase("user");
  EXPECT_EQ(AskOk(own).at("value"), 0);
}

TEST_F(HostTest, CaptureGivesEveryFrameBeforeItsStopIsAnswered) {
  const json started =
      AskOk({{"do", "capture"}, {"interfaces", {"lo"}}, {"snaplen", 256}, {"buffer", 2 << 20}});
  EXPECT_EQ(started.at("interfaces").at(0).at("name"), "lo");
  Spawn("client");
  Call("client", {{"id", 10}, {"call", "connect"}, {"port", 8080}});  // SYN, and RST,ACK
  const json stopped = AskOk({{"do", "capture_stop"}});
  EXPECT_EQ(stopped.at("interfaces").at(0).at("name"), "lo");
  EXPECT_EQ(stopped.at("interfaces").at(0).at("dropped"), 0);
  const json frames = Frames();
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames.at(0).at(1), 74);
  EXPECT_EQ(frames.at(0).at(2), "out");
  EXPECT_EQ(frames.at(0).at(3).get<std::string>().size(), 100U);  // 74 bytes in base64
  EXPECT_LE(frames.at(0).at(0).get<int64_t>(), frames.at(1).at(0).get<int64_t>());
}

TEST_F(HostTest, NoFramesFollowTheAnswerToCaptureStop) {
  AskOk({{"do", "capture"}, {"interfaces", {"lo"}}});
  AskOk({{"do", "capture_stop"}});
  Spawn("client");
  Call("client", {{"id", 11}, {"call", "connect"}, {"port", 8080}});
  AskOk({{"do", "clock"}});
  EXPECT_TRUE(Frames().empty());
}

TEST_F(HostTest, MalformedRequestsAreAnswered) {
  EXPECT_THAT(Ask({{"do", "dance"}}).at("error").at("message").get<std::string>(),
              HasSubstr("there is no request dance"));
  const json incomplete = Ask({{"do", "signal"}, {"peer", "a"}});
  EXPECT_EQ(incomplete.at("error").at("kind"), "scenario");
  EXPECT_THAT(incomplete.at("error").at("message").get<std::string>(), HasSubstr("signal"));
  const json unknown = Ask({{"do", "counters"}, {"names", {"TCPTimeWaitOverflo"}}});
  EXPECT_EQ(unknown.at("error").at("hint"), "did you mean TCPTimeWaitOverflow?");
  const json states = Ask({{"do", "await_states"},
                           {"sockets", {Listener(1)}},
                           {"states", {{"LISTENING"}}},
                           {"within", 1}});
  EXPECT_THAT(states.at("error").at("message").get<std::string>(),
              HasSubstr("there is no state LISTENING"));
}

TEST(Counters, TakesTheRowsOfTcpOnly) {
  Counters counters;
  ParseCounters("TcpExt: A B\nTcpExt: 1 -2\nIpExt: C\nIpExt: 3\nTcp: D\nTcp: 4\n", &counters);
  EXPECT_EQ(counters, (Counters{{"A", 1}, {"B", -2}, {"D", 4}}));
}

// The size of a file behind a descriptor.
off_t SizeOf(const std::optional<Fd>& descriptor) {
  return descriptor ? lseek(descriptor->get(), 0, SEEK_END) : -1;
}

TEST(ControlChannel, DescriptorsComeInTheOrderOfTheirLines) {
  std::array<int, 2> ends{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  ControlChannel left((Fd(ends[0])));
  ControlChannel right((Fd(ends[1])));
  const Fd first(memfd_create("first", 0));
  ASSERT_EQ(ftruncate(first.get(), 1), 0);
  const Fd second(memfd_create("second", 0));
  ASSERT_EQ(ftruncate(second.get(), 2), 0);
  ASSERT_TRUE(left.Write("none"));
  ASSERT_TRUE(left.Write("one", first.get()));
  ASSERT_TRUE(left.Write("two", second.get()));
  EXPECT_THAT(right.Read(), ElementsAre("none", "one", "two"));
  EXPECT_EQ(SizeOf(right.TakeDescriptor()), 1);
  EXPECT_EQ(SizeOf(right.TakeDescriptor()), 2);
  EXPECT_FALSE(right.TakeDescriptor());
}

}  // namespace
}  // namespace lastack

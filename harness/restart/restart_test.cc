// The pure parts around the diagnosis: what the user may ask for, how sockets are grouped, what is
// printed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "restart/inspect.h"
#include "restart/report.h"
#include "restart/server.h"

namespace lastack {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ReadyText, AsTheUserWritesIt) {
  for (const char* text : {"tcp", "http:/health?x=1", "line:now serving: all"}) {
    const Result<Ready> ready = ParseReady(text);
    ASSERT_TRUE(ready) << text;
    EXPECT_EQ(ToString(*ready), text);
  }
  EXPECT_EQ(ParseReady("http:/a")->kind, Ready::Kind::kHttp);
  EXPECT_EQ(ParseReady("http:/a")->text, "/a");
  EXPECT_EQ(ParseReady("line:x")->kind, Ready::Kind::kLine);
}

TEST(ReadyText, WhatItCannotBe) {
  for (const char* text : {"", "TCP", "http:", "http:health", "http://host/", "line:", "soon"}) {
    const Result<Ready> ready = ParseReady(text);
    ASSERT_FALSE(ready) << text;
    EXPECT_EQ(ready.error().kind, ErrorKind::kScenario);
  }
}

PortSocket Socket(State state, SampleKind kind, uint32_t inode, int64_t seconds) {
  PortSocket socket;
  socket.state = state;
  socket.kind = kind;
  socket.inode = inode;
  socket.expires = std::chrono::seconds(seconds);
  return socket;
}

TEST(GroupByState, CountsWhatKeepsThePort) {
  const std::vector<Left> left =
      GroupByState({Socket(State::kListen, SampleKind::kSocket, 1, 0),
                    Socket(State::kSynReceived, SampleKind::kRequest, 0, 1),
                    Socket(State::kFinWait2, SampleKind::kTimeWait, 0, 5),
                    Socket(State::kTimeWait, SampleKind::kTimeWait, 0, 30),
                    Socket(State::kTimeWait, SampleKind::kTimeWait, 0, 58),
                    Socket(State::kEstablished, SampleKind::kSocket, 7, 0)});
  ASSERT_EQ(left.size(), 3U);
  EXPECT_EQ(left[0].state, State::kTimeWait);  // the most first
  EXPECT_EQ(left[0].count, 2);
  EXPECT_EQ(left[0].longest, std::chrono::seconds(58));
  EXPECT_EQ(left[0].held, 0);
  EXPECT_EQ(left[1].state, State::kEstablished);
  EXPECT_EQ(left[1].held, 1);
  EXPECT_EQ(left[1].longest, std::nullopt);
}

TEST(GroupByState, OneWithoutATimerMakesTheTimeUnknown) {
  const std::vector<Left> left =
      GroupByState({Socket(State::kFinWait2, SampleKind::kTimeWait, 0, 5),
                    Socket(State::kFinWait2, SampleKind::kSocket, 0, 9)});
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].longest, std::nullopt);
}

TEST(CountWaiting, ThoseThatNobodyTook) {
  EXPECT_EQ(CountWaiting({Socket(State::kEstablished, SampleKind::kSocket, 0, 0),
                          Socket(State::kEstablished, SampleKind::kSocket, 9, 0),
                          Socket(State::kSynReceived, SampleKind::kRequest, 0, 0),
                          Socket(State::kTimeWait, SampleKind::kTimeWait, 0, 60),
                          Socket(State::kListen, SampleKind::kSocket, 8, 0)}),
            2);
}

TEST(LastLines, LeavesOutEmptyOnes) {
  EXPECT_EQ(LastLines("a\n\nb\nc\n", 2, "\n> "), "\n> b\n> c");
  EXPECT_EQ(LastLines("\n", 2, "> "), "");
}

RestartFacts Facts() {
  RestartFacts facts;
  facts.request.command = {"./server", "--port", "8080"};
  facts.request.port = 8080;
  facts.target = {"10.77.0.2", 8080};
  facts.main = {4, "server"};
  ListenerSeen listener{.address = {"0.0.0.0", 8080}};
  listener.options = SocketOptions{};
  facts.listeners = {listener};
  facts.connections = {.asked = 100, .open = 100, .accepted = 99};
  facts.death = {.how = "signal KILL", .signal_ns = 1'000, .death_ns = 2'001'000};
  facts.left = {{.state = State::kFinWait2, .count = 100, .longest = std::chrono::seconds(60)}};
  facts.left_at_end = facts.left;
  facts.starts = {
      {.started_ns = 3'000'000, .ended_ns = 4'000'000, .how = "exit code 1", .output = "no\n"}};
  facts.start_count = 7;
  facts.probe = BindProbe{"EADDRINUSE", "EADDRINUSE"};
  facts.end_ns = 1'002'001'000;
  return facts;
}

TEST(RestartText, SaysItAll) {
  const RestartFacts facts = Facts();
  const std::string text = RestartText(facts, Diagnose(facts), "evidence/x");
  for (const char* part :
       {"cannot come back for up to 60 s: its listener has no SO_REUSEADDR",
        "server    ./server --port 8080 (process 4), at 10.77.0.2:8080\n",
        "listener  0.0.0.0:8080: SO_REUSEADDR off, SO_REUSEPORT off, SO_LINGER off\n",
        "clients   100 of 100 open, 99 of them accepted\n",
        "death     SIGKILL, gone after 2.0 ms\n",
        "left      100 FIN-WAIT-2 (for up to 60.0 s)\n",
        "failed    7 starts, the last with exit code 1:\n              no\n",
        "our bind  without options fails with EADDRINUSE, with SO_REUSEADDR fails",
        "evidence  evidence/x\n"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST(RestartDocument, TimesCountFromTheDeath) {
  const RestartFacts facts = Facts();
  const auto document = nlohmann::json::parse(RestartDocument(facts, Diagnose(facts), ""));
  EXPECT_EQ(document["schema"], "lastack.restart/1");
  EXPECT_EQ(document["served"], false);
  EXPECT_EQ(document["in_time"], false);
  EXPECT_EQ(document["downtime_ns"], 1'000'000'000);
  EXPECT_EQ(document["death"]["took_ns"], 2'000'000);
  EXPECT_EQ(document["starts"][0]["at_ns"], 999'000);
  EXPECT_EQ(document["breakdown_ns"]["listening"], nullptr);
  EXPECT_EQ(document["diagnosis"]["cause"], "leftovers");
  EXPECT_EQ(document["listeners"][0]["options"]["SO_REUSEADDR"], false);
}

TEST(RestartDocument, OutputThatIsNoText) {
  RestartFacts facts = Facts();
  facts.starts.back().output = "\xff\xfe";
  const std::string text = RestartDocument(facts, Diagnose(facts), "");
  EXPECT_FALSE(nlohmann::json::parse(text, nullptr, false).is_discarded());
}

TEST(InTime, IsUpToTheBound) {
  RestartFacts facts = Facts();
  facts.served.served_ns = facts.death.death_ns + 1'000'000'000;
  EXPECT_TRUE(IsBackInTime(facts));
  ++facts.served.served_ns;
  EXPECT_FALSE(IsBackInTime(facts));
  EXPECT_TRUE(IsServed(facts));
}

}  // namespace
}  // namespace lastack

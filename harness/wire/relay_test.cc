// A whole relay between two real TCP stacks: what its rules do to them, and its protocol.
#include "wire/relay.h"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <memory>
#include <span>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/build.h"
#include "wire/port.h"
#include "wire/relay_driver.h"

namespace lastack {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr int kEndOfFile = 0;

class RelayTest : public testing::Test {
 protected:
  void SetUp() override {
    Result<VethNetwork> network = MakeVethNetwork(true);
    if (!network) {
      GTEST_SKIP() << network.error().message;
    }
    network_ = std::move(*network);
    relay_ = std::make_unique<RelayDriver>(network_.relay);
    ASSERT_EQ(relay_->AwaitEvent("hello").value("protocol", ""), "lastack.wire/1");
  }

  void Do(const std::string& request) {
    const json answer = relay_->Ask(request);
    ASSERT_TRUE(answer.contains("ok")) << answer.dump();
  }
  void Add(const std::string& rule) { Do(R"({"do": "add", "rules": [)" + rule + "]}"); }
  WiredConnection Connect(int domain = AF_INET) {
    WiredConnection connection = ConnectHosts(network_, domain);
    EXPECT_TRUE(connection.client.valid() && connection.server.valid());
    return connection;
  }
  static int64_t Send(const Fd& socket, const std::string& text) {
    return send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL);
  }
  // What the next recv gives: a text, or nothing with errno.
  static std::string Receive(const Fd& socket, int flags = 0) {
    std::string text(4096, '\0');
    const ssize_t got = recv(socket.get(), text.data(), text.size(), flags);
    text.resize(got > 0 ? static_cast<size_t>(got) : 0);
    return text;
  }
  static int ReceiveEnd(const Fd& socket) {
    char one = 0;
    const ssize_t got = recv(socket.get(), &one, 1, 0);
    return got < 0 ? errno : static_cast<int>(got) == 0 ? kEndOfFile : -1;
  }

  // How many frames the kernel has counted at an interface of the relay.
  [[nodiscard]] int64_t Arrived(const std::string& interface) const {
    return Inside(network_.relay, [&] {
      std::ifstream counters("/proc/thread-self/net/dev");
      std::string name;
      int64_t bytes = 0;
      int64_t packets = 0;
      while (name != interface + ":" && counters >> name) {
      }
      counters >> bytes >> packets;
      return packets;
    });
  }
  // At both interfaces: frames that have arrived, and that the relay has sent on or says it has
  // missed; read while nothing arrived in between.
  std::pair<int64_t, int64_t> ArrivedAndDealtWith() {
    const Deadline deadline(kRelayPatience);
    while (!deadline.Expired()) {
      const int64_t arrived = Arrived("wire0") + Arrived("wire1");
      const json report = relay_->AskOk(R"({"do": "report"})");
      if (arrived == Arrived("wire0") + Arrived("wire1")) {
        return {arrived,
                report.value("forwarded", int64_t{0}) + report.value("missed", int64_t{0})};
      }
    }
    ADD_FAILURE() << "frames never ceased to arrive";
    return {};
  }

  VethNetwork network_;
  std::unique_ptr<RelayDriver> relay_;
};

TEST_F(RelayTest, PassesWholeConnectionsOfBothFamilies) {
  for (const int domain : {AF_INET, AF_INET6}) {
    WiredConnection pair = Connect(domain);
    ASSERT_EQ(Send(pair.client, "question"), 8);
    EXPECT_EQ(Receive(pair.server), "question");
    ASSERT_EQ(Send(pair.server, "answer"), 6);
    EXPECT_EQ(Receive(pair.client), "answer");
    pair.server.Reset();
    EXPECT_EQ(ReceiveEnd(pair.client), kEndOfFile);
  }
  const json report = relay_->AskOk(R"({"do": "report"})");
  EXPECT_GE(report.value("forwarded", 0), 2 * 9);
  EXPECT_EQ(report.value("missed", -1), 0);
  EXPECT_EQ(relay_->End(), 0);
}

TEST_F(RelayTest, ALostFinIsSentAgain) {
  Add(R"({"name": "lose", "do": "drop",
          "match": {"from": "server", "flags": "FIN", "nth": [1, 1]}})");
  WiredConnection pair = Connect();
  pair.server.Reset();
  EXPECT_EQ(ReceiveEnd(pair.client), kEndOfFile);
  const json lost = relay_->AwaitDecision("dropped");
  ASSERT_TRUE(lost.is_object());
  EXPECT_EQ(lost.at("rule"), "lose");
  EXPECT_EQ(lost.at("from"), "server");
  EXPECT_EQ(lost.at("segment").at("flags"), "FIN,ACK");
  EXPECT_EQ(lost.at("segment").at("source"), json({"10.77.0.2", 8080}));
  EXPECT_EQ(relay_->AskOk(R"({"do": "report"})")["rules"], json({{"lose", 1}}));
}

TEST_F(RelayTest, AHeldFinArrivesWhenItsStepBegins) {
  Add(R"({"name": "keep", "do": "hold", "match": {"from": "server", "flags": "FIN"},
          "until": {"step": 4}})");
  WiredConnection pair = Connect();
  pair.server.Reset();
  ASSERT_TRUE(relay_->AwaitDecision("held").is_object());
  EXPECT_EQ(Receive(pair.client, MSG_DONTWAIT), "");
  EXPECT_EQ(errno, EAGAIN);
  Do(R"({"do": "step", "step": 4})");
  EXPECT_EQ(relay_->AwaitDecision("released")["rule"], "keep");
  EXPECT_EQ(ReceiveEnd(pair.client), kEndOfFile);
}

TEST_F(RelayTest, BothFinsCrossInSimultaneousClose) {
  Add(R"({"name": "server-fin", "do": "hold", "match": {"from": "server", "flags": "FIN"},
          "until": {"sees": {"from": "client", "flags": "FIN"}}},
         {"name": "client-fin", "do": "hold", "match": {"from": "client", "flags": "FIN"},
          "until": {"sees": {"from": "server", "flags": "FIN"}}})");
  const WiredConnection pair = Connect();
  shutdown(pair.server.get(), SHUT_WR);
  ASSERT_TRUE(relay_->AwaitDecision("held").is_object());
  shutdown(pair.client.get(), SHUT_WR);
  EXPECT_EQ(ReceiveEnd(pair.client), kEndOfFile);
  EXPECT_EQ(ReceiveEnd(pair.server), kEndOfFile);
  EXPECT_TRUE(relay_->AwaitDecision("released").is_object());
}

TEST_F(RelayTest, AnInjectedResetEndsTheConnection) {
  for (const int domain : {AF_INET, AF_INET6}) {
    const WiredConnection pair = Connect(domain);
    Send(pair.client, "data");
    EXPECT_EQ(Receive(pair.server), "data");
    const json made = relay_->AskOk(R"({"do": "inject", "from": "server", "flags": "RST,ACK"})");
    EXPECT_EQ(made.value("/segment/flags"_json_pointer, ""), "RST,ACK");
    EXPECT_EQ(ReceiveEnd(pair.client), ECONNRESET);
  }
}

TEST_F(RelayTest, InjectedDataIsTaken) {
  const WiredConnection pair = Connect();
  Do(R"({"do": "inject", "from": "client", "flags": "PSH,ACK", "bytes": 3})");
  EXPECT_EQ(Receive(pair.server), std::string("\0\1\2", 3));
}

TEST_F(RelayTest, AnInjectedIcmpErrorIsBelieved) {
  Add(R"({"name": "lose", "do": "drop", "match": {"from": "client", "flags": "SYN"}})");
  for (const int domain : {AF_INET, AF_INET6}) {
    const Fd client = StreamSocket(network_.client, domain);
    fcntl(client.get(), F_SETFL, O_NONBLOCK);
    OnAddress(connect, client, {domain == AF_INET ? "10.77.0.2" : "fd77::2", 8080});
    ASSERT_TRUE(relay_->AwaitDecision("dropped").is_object());
    const json made =
        relay_->AskOk(R"({"do": "inject", "from": "server", "icmp": "port-unreachable"})");
    EXPECT_EQ(made.value("/segment/flags"_json_pointer, ""), "ICMP port-unreachable");
    pollfd done{client.get(), POLLOUT, 0};
    ASSERT_EQ(poll(&done, 1, Deadline(kRelayPatience).PollTimeout()), 1);
    int error = 0;
    socklen_t size = sizeof(error);
    getsockopt(client.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    EXPECT_EQ(error, ECONNREFUSED);
  }
}

TEST_F(RelayTest, TheLinksDelayCountsEachWay) {
  static_cast<void>(Connect());  // so that both know each other's hardware address
  Do(R"({"do": "delay", "by": 50000000})");
  const int64_t before_ns = MonotonicNs();
  static_cast<void>(Connect());
  EXPECT_GE(MonotonicNs() - before_ns, 2 * 50'000'000);
}

TEST_F(RelayTest, ACutLinkLosesAndAMendedOneCarriesAgain) {
  const WiredConnection pair = Connect();
  Do(R"({"do": "cut"})");
  ASSERT_EQ(Send(pair.client, "data"), 4);
  const json lost = relay_->AwaitDecision("cut");
  ASSERT_TRUE(lost.is_object());
  EXPECT_EQ(lost.at("segment").at("len"), 4);
  EXPECT_EQ(lost.at("rule"), "");
  EXPECT_EQ(Receive(pair.server, MSG_DONTWAIT), "");
  Do(R"({"do": "mend"})");
  EXPECT_EQ(Receive(pair.server), "data") << "retransmitted";
}

TEST_F(RelayTest, WhatWasSentBeforeARequestIsDealtWithBeforeIt) {
  Result<Port> port = Inside(network_.client, [] { return Port::Open("eth0"); });
  ASSERT_TRUE(port);
  Segment segment;
  segment.flags.ack = true;
  const FrameEnds ends{{}, {}, {"10.77.0.1", 9}, {"10.77.0.2", 9}};
  const std::vector<uint8_t> frame = BuildSegment(ends, segment, {});
  const std::vector<std::span<const uint8_t>> frames(10 * Port::kFramesPerRead, frame);
  relay_->Signal(SIGSTOP);  // so that it finds the frames and the request together
  ASSERT_EQ(port->Send(frames), frames.size());
  relay_->SendLine(
      R"({"id": -1, "do": "add", "rules": [{"name": "all", "do": "drop", "match": {}}]})");
  relay_->Signal(SIGCONT);
  const json report = relay_->AskOk(R"({"do": "report"})");
  EXPECT_EQ(report["rules"], json({{"all", 0}}));
  EXPECT_GE(report.value("forwarded", size_t{0}), frames.size());
}

TEST_F(RelayTest, AReplacedHostIsReachedThroughItsNewInterface) {
  static_cast<void>(Connect());
  Do(R"({"do": "cut"})");
  network_.server.Reset();
  Result<Fd> replacement = MakeNetwork();
  ASSERT_TRUE(replacement);
  network_.server = std::move(*replacement);
  ASSERT_TRUE(AttachHost(network_.relay, "wire1b", network_.server, 2));
  Do(R"({"do": "attach", "host": "server", "interface": "wire1b"})");
  Do(R"({"do": "mend"})");
  // IPv6, because the client remembers the old host's hardware address for IPv4.
  const WiredConnection pair = Connect(AF_INET6);
  ASSERT_EQ(Send(pair.client, "x"), 1);
  EXPECT_EQ(Receive(pair.server), "x");
  EXPECT_THAT(relay_->Ask(R"({"do": "attach", "host": "server", "interface": "wire9"})").dump(),
              HasSubstr("cannot find the interface wire9"));
}

TEST_F(RelayTest, LosesNothingOfAStreamSilently) {
  const auto before = ArrivedAndDealtWith();
  const WiredConnection pair = Connect();
  constexpr size_t kTotal = 8 << 20;
  const std::string data(1 << 16, 'x');
  size_t sent = 0;
  size_t received = 0;
  while (received < kTotal) {
    const ssize_t out =
        send(pair.client.get(), data.data(), std::min(data.size(), kTotal - sent), MSG_DONTWAIT);
    sent += out > 0 ? static_cast<size_t>(out) : 0;
    const std::string in = Receive(pair.server);
    ASSERT_FALSE(in.empty());
    received += in.size();
  }
  const auto after = ArrivedAndDealtWith();
  EXPECT_GT(after.first - before.first, static_cast<int64_t>(kTotal / 1500));
  EXPECT_EQ(after.first - before.first, after.second - before.second);
}

TEST_F(RelayTest, ARequestThatItCannotCarryOutIsAnswered) {
  EXPECT_THAT(relay_->Ask(R"({"do": "dance"})").dump(), HasSubstr("there is no request dance"));
  EXPECT_THAT(relay_->Ask(R"({"do": "step"})").dump(), HasSubstr("malformed request"));
  EXPECT_THAT(relay_->Ask(R"({"do": "remove", "name": "x"})").dump(),
              HasSubstr("has no rule \\\"x\\\""));
  EXPECT_THAT(relay_
                  ->Ask(R"({"do": "add", "rules": [{"name": "x", "do": "drop",
                              "match": {"from": "clint"}}]})")
                  .dump(),
              HasSubstr("its hosts are client and server"));
  relay_->SendLine("no JSON");
  EXPECT_THAT(relay_->Await([](const json& line) { return line.value("id", -1) == 0; }).dump(),
              HasSubstr("malformed request"));
  EXPECT_EQ(relay_->AskOk(R"({"do": "report"})")["rules"], json::object());
}

TEST_F(RelayTest, WithoutItsInterfacesItDoesNotStart) {
  Result<Fd> empty = MakeNetwork();
  ASSERT_TRUE(empty);
  RelayDriver relay(*empty);
  EXPECT_TRUE(relay.AwaitEvent("hello").is_null());
  EXPECT_EQ(relay.End(), 1);
}

}  // namespace
}  // namespace lastack

// What a testbed's link and hosts do to traffic: nothing is lost, nothing is added, segments are
// segments, and a FIN is acknowledged at once.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/time.h"
#include "testbed/testbed_fixture.h"

namespace lastack {
namespace {

using Frame = std::vector<uint8_t>;

// One established connection.
struct Pair {
  Fd listener;
  Fd client;
  Fd server;
};

class TestbedTraffic : public TestbedFixture {
 protected:
  // From `from` to `address` of `to`.
  static Pair Connect(const Host& from, const Host& to, const std::string& address) {
    static uint16_t port = 8080;  // another one each time: the last connection may be in TIME-WAIT
    port = port == 20'000 ? 8080 : static_cast<uint16_t>(port + 1);
    const int domain = address.find(':') == std::string::npos ? AF_INET : AF_INET6;
    Pair pair;
    pair.listener = SocketIn(to, domain, SOCK_STREAM);
    EXPECT_EQ(BindTo(pair.listener, domain, {address, port}), 0);
    EXPECT_EQ(listen(pair.listener.get(), 1), 0);
    fcntl(pair.listener.get(), F_SETFL, O_NONBLOCK);
    pair.client = SocketIn(from, domain, SOCK_STREAM);
    EXPECT_EQ(ConnectTo(pair.client, domain, {address, port}), 0) << address;
    pollfd acceptable{.fd = pair.listener.get(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(poll(&acceptable, 1, 5000), 1) << address;
    pair.server = Fd(accept4(pair.listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    EXPECT_TRUE(pair.server.valid());
    return pair;
  }

  // A packet socket in the host, from now on.
  static Fd Tap(const Host& host) {
    return SocketIn(host, AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_ALL));
  }
  static std::vector<Frame> FramesOf(const Fd& tap) {
    std::vector<Frame> frames;
    Frame buffer(1 << 17);
    ssize_t size = 0;
    while ((size = recv(tap.get(), buffer.data(), buffer.size(), 0)) >= 0) {
      frames.emplace_back(buffer.begin(), buffer.begin() + size);
    }
    return frames;
  }
};

// Sends and receives `total` bytes, both on this thread.
void Transfer(const Fd& from, const Fd& to, size_t total) {
  std::vector<char> data(total, 'x');
  size_t sent = 0;
  size_t received = 0;
  while (received < total) {
    const ssize_t out = send(from.get(), data.data(), total - sent, MSG_DONTWAIT);
    sent += out > 0 ? static_cast<size_t>(out) : 0;
    pollfd readable{.fd = to.get(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(poll(&readable, 1, 5000), 1);
    const ssize_t in = recv(to.get(), data.data(), data.size(), 0);
    ASSERT_GT(in, 0);
    received += static_cast<size_t>(in);
  }
}

// The Internet checksum over the pseudo header and the TCP segment of an IPv4 frame: 0 if it is
// right. RFC 9293 3.1.
uint16_t TcpChecksumError(const Frame& frame) {
  const size_t ip = ETH_HLEN;
  const size_t header = size_t{4} * (frame[ip] & 0x0fU);
  const auto total = static_cast<size_t>(frame[ip + 2] << 8 | frame[ip + 3]);
  Frame summed(frame.begin() + ip + 12, frame.begin() + ip + 20);
  const size_t length = total - header;
  summed.insert(summed.end(),
                {0, IPPROTO_TCP, static_cast<uint8_t>(length >> 8), static_cast<uint8_t>(length)});
  summed.insert(summed.end(),
                frame.begin() + static_cast<long>(ip + header),
                frame.begin() + static_cast<long>(ip + total));
  summed.resize((summed.size() + 1) / 2 * 2);
  uint32_t sum = 0;
  for (size_t i = 0; i < summed.size(); i += 2) {
    sum += static_cast<uint32_t>(summed[i] << 8 | summed[i + 1]);
  }
  while (sum > 0xffff) {
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<uint16_t>(~sum);
}

tcp_info InfoOf(const Fd& socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  EXPECT_EQ(getsockopt(socket.get(), IPPROTO_TCP, TCP_INFO, &info, &size), 0);
  return info;
}

// How long the acknowledgement of a FIN takes after a request and a response, which is what delays
// it by about 40 ms.
Duration FinToAck(const Pair& pair) {
  Transfer(pair.client, pair.server, 10);
  Transfer(pair.server, pair.client, 10);
  const int64_t start = MonotonicNs();
  EXPECT_EQ(shutdown(pair.client.get(), SHUT_WR), 0);
  const Deadline deadline(std::chrono::seconds(5));
  while (InfoOf(pair.client).tcpi_state != TCP_FIN_WAIT2 && !deadline.Expired()) {
  }
  return Duration(MonotonicNs() - start);
}

// A single slow answer may be the machine's; a delayed ACK is slow every time.
Duration QuickestFinToAck(const std::function<Pair()>& connect) {
  Duration quickest = std::chrono::hours(1);
  for (int i = 0; i < 4; ++i) {
    const Pair pair = connect();
    const linger reset{1, 0};
    setsockopt(pair.client.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    quickest = std::min(quickest, FinToAck(pair));
  }
  return quickest;
}

constexpr Duration kAtOnce = std::chrono::milliseconds(3);  // the shortest delayed ACK is 4 ms
constexpr Duration kDelayed = std::chrono::milliseconds(4);

TEST_F(TestbedTraffic, TheLinkCarriesTheVeryFirstFrame) {
  for (int i = 0; i < 300; ++i) {
    const auto testbed = Made();
    ASSERT_NE(testbed, nullptr);
    // Alternately from either side: each end starts in a way of its own.
    const Host& from = testbed->hosts()[static_cast<size_t>(i % 2)];
    const Host& to = testbed->hosts()[static_cast<size_t>(1 - i % 2)];
    const std::string role = i % 4 < 2 ? "own6" : "own4";
    const Pair pair = Connect(from, to, to.addresses.at(role));
    ASSERT_EQ(InfoOf(pair.client).tcpi_total_retrans, 0) << "SYN lost, testbed " << i;
    ASSERT_EQ(InfoOf(pair.server).tcpi_total_retrans, 0) << "SYN,ACK lost, testbed " << i;
  }
}

TEST_F(TestbedTraffic, EveryAddressReachesEveryOther) {
  const auto testbed = Made();
  ASSERT_NE(testbed, nullptr);
  for (const char* role : {"own4", "own24", "own6", "own26"}) {
    for (const size_t from : {size_t{0}, size_t{1}}) {
      const Host& to = testbed->hosts()[1 - from];
      Connect(testbed->hosts()[from], to, to.addresses.at(role));
    }
  }
  const Host& client = testbed->host("client");
  for (const char* role : {"own4", "own24", "own6", "own26", "loopback4", "loopback6"}) {
    Connect(client, client, client.addresses.at(role));
  }
}

TEST_F(TestbedTraffic, CapturesShowSegmentsWithValidChecksums) {
  const auto testbed = Made();
  ASSERT_NE(testbed, nullptr);
  const Host& client = testbed->host("client");
  const Host& server = testbed->host("server");
  const Fd client_tap = Tap(client);
  const Fd server_tap = Tap(server);
  const Pair pair = Connect(client, server, server.addresses.at("own4"));
  std::vector<Frame> frames;
  for (int i = 0; i < 20; ++i) {  // in portions that the taps' buffers hold
    Transfer(pair.client, pair.server, 30'000);
    for (const Fd* tap : {&client_tap, &server_tap}) {
      std::ranges::move(FramesOf(*tap), std::back_inserter(frames));
    }
  }
  EXPECT_GT(frames.size(), 2U * 600'000U / 1448U);
  for (const Frame& frame : frames) {
    ASSERT_LE(frame.size(), 1514U);
    ASSERT_EQ(TcpChecksumError(frame), 0);
  }
}

TEST_F(TestbedTraffic, LoopbackShowsSegmentsToo) {
  const auto testbed = Made();
  ASSERT_NE(testbed, nullptr);
  const Host& client = testbed->host("client");
  for (const char* role : {"loopback4", "loopback6", "own4", "own6"}) {
    const Fd tap = Tap(client);
    const Pair pair = Connect(client, client, client.addresses.at(role));
    Transfer(pair.client, pair.server, 40'000);
    const std::vector<Frame> frames = FramesOf(tap);
    EXPECT_GT(frames.size(), 40'000U / 1448U);
    for (const Frame& frame : frames) {
      ASSERT_LE(frame.size(), 1514U) << role;
    }
  }
}

TEST_F(TestbedTraffic, NothingButTheExperimentIsOnTheWire) {
  const auto testbed = Made(TwoHosts(Family::kV6));
  ASSERT_NE(testbed, nullptr);
  const Fd client_tap = Tap(testbed->host("client"));
  const Fd server_tap = Tap(testbed->host("server"));
  // Reports of multicast groups come within a second (RFC 3810 9.11), solicitations at once.
  std::array<pollfd, 2> taps{{{client_tap.get(), POLLIN, 0}, {server_tap.get(), POLLIN, 0}}};
  EXPECT_EQ(poll(taps.data(), taps.size(), 1500), 0);
}

struct AckCase {
  const char* role;
  bool remote;
};
class FinIsAcknowledgedAtOnce : public TestbedTraffic,
                                public testing::WithParamInterface<AckCase> {};

TEST_P(FinIsAcknowledgedAtOnce, WithoutDelayedAck) {
  const auto testbed = Made();
  ASSERT_NE(testbed, nullptr);
  const Host& from = testbed->host("client");
  const Host& to = testbed->host(GetParam().remote ? "server" : "client");
  const auto connect = [&] { return Connect(from, to, to.addresses.at(GetParam().role)); };
  EXPECT_LT(QuickestFinToAck(connect), kAtOnce);
  ASSERT_TRUE(testbed->RemoveAddresses("client"));
  ASSERT_TRUE(testbed->AddAddresses("client"));
  EXPECT_LT(QuickestFinToAck(connect), kAtOnce) << "after the address was removed and added";
}

INSTANTIATE_TEST_SUITE_P(Roles,
                         FinIsAcknowledgedAtOnce,
                         testing::Values(AckCase{"own4", true},
                                         AckCase{"own24", true},
                                         AckCase{"own6", true},
                                         AckCase{"own26", true},
                                         AckCase{"loopback4", false},
                                         AckCase{"loopback6", false},
                                         AckCase{"own4", false},
                                         AckCase{"own24", false},
                                         AckCase{"own6", false},
                                         AckCase{"own26", false}),
                         [](const auto& test) {
                           return std::string(test.param.role) +
                                  (test.param.remote ? "OnEth0" : "OnLo");
                         });

TEST_F(TestbedTraffic, DelayedAckIsTheHostsOwn) {
  Scenario scenario = TwoHosts();
  scenario.hosts[0].delayed_ack = true;  // the server, which acknowledges the client's FIN
  const auto testbed = Made(scenario);
  ASSERT_NE(testbed, nullptr);
  const Host& client = testbed->host("client");
  const Host& server = testbed->host("server");
  for (const char* role : {"own4", "own6"}) {
    EXPECT_GT(QuickestFinToAck([&] { return Connect(client, server, server.addresses.at(role)); }),
              kDelayed);
    EXPECT_LT(QuickestFinToAck([&] { return Connect(server, client, client.addresses.at(role)); }),
              kAtOnce);
  }
}

}  // namespace
}  // namespace lastack

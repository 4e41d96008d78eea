#include "record/tap.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netpacket/packet.h>

#include "base/fd.h"
#include "base/socket_address.h"
#include "base/time.h"
#include "record/fresh_namespace.h"

namespace lastack {
namespace {

struct Copy {
  int64_t realtime_ns;
  uint32_t length;
  Direction direction;
  std::vector<uint8_t> data;
};

Tap::Sink AppendTo(std::vector<Copy>* frames) {
  return [frames](const TappedFrame& frame) {
    frames->push_back({frame.realtime_ns,
                       frame.length,
                       frame.direction,
                       {frame.data, frame.data + frame.captured}});
  };
}

const sockaddr* Generic(const sockaddr_storage& address) {
  return static_cast<const sockaddr*>(static_cast<const void*>(&address));
}

// A listener on a free port of 127.0.0.1; connections to it.
class Loopback {
 public:
  Loopback() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_storage address{};
    length_ = ToSockaddr({"127.0.0.1", 8080}, AF_INET, &address).value_or(0);
    address_ = address;
    const int on = 1;
    setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    ready_ = bind(listener_.get(), Generic(address_), length_) == 0 &&
             listen(listener_.get(), SOMAXCONN) == 0;
  }
  // A connection made and closed by the client first: at least eight segments.
  [[nodiscard]] bool ConnectAndClose() const {
    Fd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!ready_ || connect(client.get(), Generic(address_), length_) != 0) {
      return false;
    }
    const Fd server(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    client.Reset();
    return server.valid();
  }

 private:
  Fd listener_;
  sockaddr_storage address_{};
  socklen_t length_ = 0;
  bool ready_ = false;
};

class TapTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const Status status = EnterFreshNamespace(); !status) {
      GTEST_SKIP() << status.error().message;
    }
  }
};

TEST_F(TapTest, LoopbackGivesEachSegmentOnceAndInOrder) {
  Result<Tap> tap = Tap::Open("lo", {});
  ASSERT_TRUE(tap) << tap.error().message;
  const int64_t before_ns = RealtimeNs();
  ASSERT_TRUE(Loopback().ConnectAndClose());
  std::vector<Copy> frames;
  ASSERT_TRUE(tap->Drain(AppendTo(&frames)));

  ASSERT_GE(frames.size(), 6U);
  constexpr size_t kFlagsAt = 14 + 20 + 13;
  std::vector<int> flags;
  int64_t last_ns = before_ns;
  for (const Copy& frame : frames) {
    flags.push_back(frame.data.at(kFlagsAt));
    EXPECT_EQ(frame.direction, Direction::kOut);
    EXPECT_EQ(frame.data.size(), frame.length);
    EXPECT_GE(frame.realtime_ns, last_ns);
    last_ns = frame.realtime_ns;
  }
  EXPECT_LE(last_ns, RealtimeNs());
  flags.resize(4);
  EXPECT_THAT(flags, testing::ElementsAre(0x02, 0x12, 0x10, 0x11));  // SYN; SYN,ACK; ACK; FIN,ACK
}

TEST_F(TapTest, KeepsOnlyTheFirstBytesOfAFrame) {
  TapOptions options;
  options.snaplen = 60;
  Result<Tap> tap = Tap::Open("lo", options);
  ASSERT_TRUE(tap) << tap.error().message;
  ASSERT_TRUE(Loopback().ConnectAndClose());
  std::vector<Copy> frames;
  ASSERT_TRUE(tap->Drain(AppendTo(&frames)));
  ASSERT_FALSE(frames.empty());
  EXPECT_LE(frames.front().data.size(), 60U);
  EXPECT_GE(frames.front().data.size(), 54U) << "the headers without their options";
  EXPECT_EQ(frames.front().length, 74U);  // Ethernet, IPv4 and a SYN with its options
}

TEST_F(TapTest, IgnoresWhatIsNeitherTcpNorAnError) {
  Result<Tap> tap = Tap::Open("lo", {});
  ASSERT_TRUE(tap) << tap.error().message;
  const Fd udp(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const Fd receiver(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_storage address{};
  const auto length = ToSockaddr({"127.0.0.1", 9}, AF_INET, &address);
  ASSERT_EQ(bind(receiver.get(), Generic(address), *length), 0);
  ASSERT_EQ(sendto(udp.get(), "x", 1, 0, Generic(address), *length), 1);
  std::vector<Copy> frames;
  ASSERT_TRUE(tap->Drain(AppendTo(&frames)));
  EXPECT_TRUE(frames.empty());

  const Fd other(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ASSERT_TRUE(ToSockaddr({"127.0.0.1", 10}, AF_INET, &address));
  ASSERT_EQ(sendto(other.get(), "x", 1, 0, Generic(address), *length), 1);
  ASSERT_TRUE(tap->Drain(AppendTo(&frames)));
  EXPECT_EQ(frames.size(), 1U) << "port unreachable";
}

TEST_F(TapTest, ReadGivesNoMoreThanTheLimit) {
  Result<Tap> tap = Tap::Open("lo", {});
  ASSERT_TRUE(tap) << tap.error().message;
  ASSERT_TRUE(Loopback().ConnectAndClose());
  std::vector<Copy> frames;
  const Result<size_t> count = tap->Read(2, AppendTo(&frames));
  ASSERT_TRUE(count) << count.error().message;
  EXPECT_EQ(*count, 2U);
  EXPECT_EQ(frames.size(), 2U);
}

TEST_F(TapTest, LosesNothingOfAThousandConnections) {
  Result<Tap> tap = Tap::Open("lo", {256, 8U << 20U});
  ASSERT_TRUE(tap) << tap.error().message;
  const Loopback loopback;
  constexpr size_t kConnections = 1000;
  for (size_t i = 0; i < kConnections; ++i) {
    ASSERT_TRUE(loopback.ConnectAndClose());
  }
  std::vector<Copy> frames;
  ASSERT_TRUE(tap->Drain(AppendTo(&frames)));
  const Result<TapCounts> counts = tap->Counts();
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->dropped, 0);
  EXPECT_GE(frames.size(), 6 * kConnections);
  EXPECT_EQ(counts->received, static_cast<int64_t>(2 * frames.size())) << "lo shows both copies";
}

TEST_F(TapTest, SaysHowManyFramesDidNotFit) {
  Result<Tap> tap = Tap::Open("lo", {256, 64U << 10U});
  ASSERT_TRUE(tap) << tap.error().message;
  const Loopback loopback;
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(loopback.ConnectAndClose());
  }
  EXPECT_GT(tap->Counts().value().dropped, 0);
  EXPECT_GT(tap->Counts().value().dropped, 0) << "counted since the start, not since the last look";
}

TEST_F(TapTest, AnInterfaceThatDoesNotExistIsAnError) {
  const Result<Tap> tap = Tap::Open("eth7", {});
  ASSERT_FALSE(tap);
  EXPECT_EQ(tap.error().kind, ErrorKind::kSystem);
  EXPECT_THAT(tap.error().message, testing::HasSubstr("interface eth7: No such device"));
}

// Sends a frame with a TCP header inside IPv4 from one end of a veth pair.
void SendFrame(const std::string& interface, const std::array<uint8_t, 6>& source) {
  std::array<uint8_t, 60> frame{};
  frame.fill(0);
  std::fill_n(frame.begin(), 6, 0xff);
  std::copy(source.begin(), source.end(), frame.begin() + 6);
  frame[12] = 0x08;
  frame[14] = 0x45;
  frame[14 + 9] = IPPROTO_TCP;
  const Fd packet(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  to.sll_protocol = htons(0x0800);
  to.sll_ifindex = static_cast<int>(if_nametoindex(interface.c_str()));
  const auto* generic = static_cast<const sockaddr*>(static_cast<const void*>(&to));
  EXPECT_EQ(sendto(packet.get(), frame.data(), frame.size(), 0, generic, sizeof(to)),
            static_cast<ssize_t>(frame.size()));
}

TEST_F(TapTest, DirectionIsToldByTheInterfacesOwnAddress) {
  const std::string commands =
      "ip link add eth0 address 02:00:00:00:00:01 type veth peer name eth1 && "
      "ip link set eth0 up && ip link set eth1 up";
  if (std::system(commands.c_str()) != 0) {  // NOLINT(concurrency-mt-unsafe): one thread
    GTEST_SKIP() << "cannot make a veth pair with ip(8)";
  }
  Result<Tap> sender = Tap::Open("eth0", {});
  Result<Tap> receiver = Tap::Open("eth1", {});
  ASSERT_TRUE(sender && receiver);
  SendFrame("eth0", {2, 0, 0, 0, 0, 1});
  pollfd arrived{receiver->fd(), POLLIN, 0};
  ASSERT_EQ(poll(&arrived, 1, 1000), 1);
  std::vector<Copy> sent;
  std::vector<Copy> received;
  ASSERT_TRUE(sender->Drain(AppendTo(&sent)));
  ASSERT_TRUE(receiver->Drain(AppendTo(&received)));
  ASSERT_EQ(sent.size(), 1U);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(sent.front().direction, Direction::kOut);
  EXPECT_EQ(received.front().direction, Direction::kIn);
}

}  // namespace
}  // namespace lastack

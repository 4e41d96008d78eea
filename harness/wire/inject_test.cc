// Segments and ICMP errors that the relay makes: their numbers, and that their bytes are right.
#include "wire/inject.h"

#include <gmock/gmock.h>

#include "wire/engine_fixture.h"

namespace lastack {
namespace {

using testing::ElementsAreArray;
using testing::HasSubstr;

// The sum of 16-bit words that a right checksum completes to 0xffff (RFC 1071).
uint32_t OnesSum(std::span<const uint8_t> octets, uint32_t sum = 0) {
  for (size_t i = 0; i < octets.size(); ++i) {
    sum += i % 2 == 0 ? static_cast<uint32_t>(octets[i]) << 8U : octets[i];
  }
  while (sum > 0xffffU) {
    sum = (sum & 0xffffU) + (sum >> 16U);
  }
  return sum;
}

constexpr size_t kEthernet = 14;

void ExpectRightIpv4(std::span<const uint8_t> frame, uint8_t protocol) {
  EXPECT_EQ(frame[kEthernet + 9], protocol);
  EXPECT_EQ(static_cast<size_t>(frame[kEthernet + 2] << 8 | frame[kEthernet + 3]),
            frame.size() - kEthernet);
  EXPECT_EQ(OnesSum(frame.subspan(kEthernet, 20)), 0xffffU);
}

void ExpectRightTcp4(std::span<const uint8_t> frame) {
  ExpectRightIpv4(frame, 6);
  const auto length = static_cast<uint32_t>(frame.size() - kEthernet - 20);
  const uint32_t pseudo = OnesSum(frame.subspan(kEthernet + 12, 8), 6 + length);
  EXPECT_EQ(OnesSum(frame.subspan(kEthernet + 20), pseudo), 0xffffU);
}

void ExpectRightIpv6(std::span<const uint8_t> frame, uint8_t protocol) {
  const auto length = static_cast<uint32_t>(frame.size() - kEthernet - 40);
  EXPECT_EQ(static_cast<uint32_t>(frame[kEthernet + 4] << 8 | frame[kEthernet + 5]), length);
  EXPECT_EQ(frame[kEthernet + 6], protocol);
  const uint32_t pseudo = OnesSum(frame.subspan(kEthernet + 8, 32), protocol + length);
  EXPECT_EQ(OnesSum(frame.subspan(kEthernet + 40), pseudo), 0xffffU);
}

class InjectTest : public EngineTest {
 protected:
  static InjectRequest From(size_t from, const std::string& flags) {
    InjectRequest request;
    request.from = from;
    request.flags = ParseFlags(flags).value();
    return request;
  }
  // The one frame that has gone on.
  std::vector<uint8_t> Frame(const InjectRequest& request) {
    effects_ = {};
    const Result<Decision> injected = engine_.Inject(request, NowNs(), &effects_);
    EXPECT_TRUE(injected) << injected.error().message;
    EXPECT_EQ(effects_.frames.size(), 1U);
    return effects_.frames.empty() ? std::vector<uint8_t>(60) : effects_.frames[0].bytes;
  }
  Segment Injected(const InjectRequest& request) {
    const std::vector<uint8_t> frame = Frame(request);
    return ParseSegment(frame.data(), frame.size()).value_or(Segment{});
  }
};

TEST_F(InjectTest, NextIsWhatTheHostsWouldSend) {
  Handshake();
  Send(kClient, "PSH,ACK", 100);
  Send(kServer, "PSH,ACK", 30);
  const Segment segment = Injected(From(kClient, "RST,ACK"));
  EXPECT_EQ(segment.seg_seq, kClientInitial + 101);
  EXPECT_EQ(segment.seg_ack, kServerInitial + 31);
  EXPECT_EQ(segment.seg_wnd, 500U);
  EXPECT_EQ(ToString(segment.source), "10.77.0.1:40000");
  EXPECT_EQ(ToString(segment.destination), "10.77.0.2:8080");
  EXPECT_EQ(ToString(segment.flags), "RST,ACK");
  EXPECT_EQ(effects_.frames[0].to, kServer);
  EXPECT_EQ(Decided(), "injected RST,ACK");
}

TEST_F(InjectTest, OffsetsAndRelativeNumbers) {
  Handshake();
  InjectRequest request = From(kServer, "ACK");
  request.seq = {.next = true, .offset = 100};
  request.ack = {.next = false, .offset = 1};
  const Segment segment = Injected(request);
  EXPECT_EQ(segment.seg_seq, kServerInitial + 1 + 100);
  EXPECT_EQ(segment.seg_ack, kClientInitial + 1);
  request.seq.offset = -1;
  EXPECT_EQ(Injected(request).seg_seq, kServerInitial);
}

TEST_F(InjectTest, DroppedSegmentsCountAndInjectedOnesDoNot) {
  Handshake();
  ASSERT_TRUE(engine_.Add({{.name = "lose", .match = {.flags = "FIN"}}}));
  Send(kServer, "FIN,ACK");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Injected(From(kServer, "FIN,ACK")).seg_seq, kServerInitial + 2);
  }
  EXPECT_EQ(engine_.Counts().at("lose"), 1) << "rules do not see what is injected";
}

TEST_F(InjectTest, ANumberInAResetIsNotTheSendersOwn) {
  Handshake();
  Segment reset = NextSegment(kClient, "RST");
  reset.seg_seq += 5000;
  engine_.OnFrame(kClient, Build(kClient, reset), NowNs(), &effects_);
  EXPECT_EQ(Injected(From(kClient, "ACK")).seg_seq, kClientInitial + 1);
}

TEST_F(InjectTest, WithoutAckTheNumberIsZero) {
  Handshake();
  EXPECT_EQ(Injected(From(kClient, "RST")).seg_ack, 0U);
}

TEST_F(InjectTest, TimestampsGoOnWithTheSendersClock) {
  Handshake();
  for (const size_t from : {kClient, kServer}) {
    Segment segment = NextSegment(from, "ACK");
    segment.ts_val = from == kClient ? 7000 : 9000;
    segment.ts_ecr = 1;
    engine_.OnFrame(from, Build(from, segment), NowNs(), &effects_);
  }
  Tick(25);
  const Segment segment = Injected(From(kClient, "RST,ACK"));
  EXPECT_EQ(segment.ts_val, 7025U);
  EXPECT_EQ(segment.ts_ecr, 9000U);
}

TEST_F(InjectTest, ThePayloadIsThePeersStream) {
  Handshake();
  Send(kClient, "ACK", 249);
  InjectRequest request = From(kClient, "PSH,ACK");
  request.bytes = 4;
  const std::vector<uint8_t> frame = Frame(request);
  const std::span<const uint8_t> payload = std::span(frame).last(4);
  EXPECT_THAT(payload, ElementsAreArray({249, 250, 0, 1}));
  ExpectRightTcp4(frame);
  request.bytes = 3;
  ExpectRightTcp4(Frame(request));  // an odd length
  request.bytes = 1500;
  EXPECT_THAT(engine_.Inject(request, NowNs(), &effects_).error().message,
              HasSubstr("1500 bytes in one segment"));
}

TEST_F(InjectTest, TheLatestConnectionUnlessOneIsNamed) {
  Handshake();
  NewConnection(50001);
  Handshake();
  EXPECT_EQ(Injected(From(kClient, "RST")).source.port, 50001);
  InjectRequest request = From(kClient, "RST");
  request.connection = AddressPair{{"10.77.0.1", 40000}, {"10.77.0.2", 8080}};
  EXPECT_EQ(Injected(request).source.port, 40000);
  request.connection->a.port = 1;
  EXPECT_FALSE(engine_.Inject(request, NowNs(), &effects_));
}

TEST_F(InjectTest, AReusedPairOfAddressesIsAnotherConnection) {
  Handshake();
  sent_ = {5'000'000, 6'000'000};
  Handshake();
  InjectRequest request = From(kClient, "RST,ACK");
  request.seq = {.next = false, .offset = 3};
  const Segment segment = Injected(request);
  EXPECT_EQ(segment.seg_seq, 5'000'003U);
  EXPECT_EQ(segment.seg_ack, 6'000'001U);
}

TEST_F(InjectTest, SaysWhyItCannot) {
  EXPECT_EQ(engine_.Inject(From(kClient, "RST"), NowNs(), &effects_).error().message,
            "cannot inject: the relay has seen no such connection");
  Send(kClient, "SYN");
  EXPECT_THAT(engine_.Inject(From(kServer, "RST"), NowNs(), &effects_).error().message,
              HasSubstr("has not seen a segment of 10.77.0.2:8080"));
  engine_.Cut(NowNs(), &effects_);
  EXPECT_EQ(engine_.Inject(From(kClient, "RST"), NowNs(), &effects_).error().message,
            "cannot inject: the link is cut");
}

TEST_F(InjectTest, IcmpQuotesTheLastSegmentOfItsReceiver) {
  Handshake();
  Send(kClient, "PSH,ACK", 100);
  Send(kServer, "ACK");
  InjectRequest request = From(kServer, "");
  request.icmp = "port-unreachable";
  const std::vector<uint8_t> frame = Frame(request);
  ExpectRightIpv4(frame, 1);
  const std::span<const uint8_t> icmp = std::span(frame).subspan(kEthernet + 20);
  EXPECT_EQ(icmp[0], 3);
  EXPECT_EQ(icmp[1], 3);
  EXPECT_EQ(OnesSum(icmp), 0xffffU);
  const std::span<const uint8_t> sent = std::span(last_[kClient]).subspan(kEthernet, 100);
  EXPECT_THAT(icmp.subspan(8), ElementsAreArray(sent.begin(), sent.end()));
  EXPECT_EQ(effects_.frames[0].to, kClient);
  EXPECT_EQ(effects_.decisions[0].icmp, "port-unreachable");
  request.icmp = "host-unreachable";
  EXPECT_EQ(Frame(request)[kEthernet + 21], 1);
  request.icmp = "net-unreachable";
  EXPECT_FALSE(engine_.Inject(request, NowNs(), &effects_));
}

TEST(Build, Ipv6) {
  const FrameEnds ends{{2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}, {"fd77::1", 4000}, {"fd77::2", 80}};
  Segment segment;
  segment.seg_seq = 0xfffffff0;
  segment.flags = {.fin = true, .ack = true};
  segment.ts_val = 5;
  const std::vector<uint8_t> payload(33, 7);
  const std::vector<uint8_t> frame = BuildSegment(ends, segment, payload);
  ExpectRightIpv6(frame, 6);
  const std::optional<Segment> parsed = ParseSegment(frame.data(), frame.size());
  ASSERT_TRUE(parsed);
  EXPECT_EQ(ToString(parsed->source), "[fd77::1]:4000");
  EXPECT_EQ(parsed->seg_seq, 0xfffffff0);
  EXPECT_EQ(parsed->seg_len, 33U);
  const std::span<const uint8_t> packet = std::span(frame).subspan(kEthernet);
  const std::vector<uint8_t> port = BuildUnreachable(ends, Unreachable::kPort, packet);
  ExpectRightIpv6(port, 58);
  EXPECT_EQ(port[kEthernet + 40], 1);
  EXPECT_EQ(port[kEthernet + 41], 4);
  EXPECT_EQ(BuildUnreachable(ends, Unreachable::kHost, packet)[kEthernet + 41], 3);
}

}  // namespace
}  // namespace lastack

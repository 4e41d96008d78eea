// Frames built byte by byte: every header, every option, and truncation at every byte.
#include "tcp/segment.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace lastack {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

uint8_t High(size_t value) {
  return static_cast<uint8_t>(value >> 8U);
}
uint8_t Low(size_t value) {
  return static_cast<uint8_t>(value & 0xffU);
}

// The parser gets a block of exactly this size, so that a sanitizer sees every read beyond it.
std::optional<Segment> Parse(const Bytes& frame, size_t captured) {
  const auto exact = std::make_unique<uint8_t[]>(captured);  // NOLINT(modernize-avoid-c-arrays)
  std::copy_n(frame.begin(), captured, exact.get());
  return ParseSegment(exact.get(), captured);
}

std::optional<Segment> Parse(const Bytes& frame) {
  return Parse(frame, frame.size());
}

Bytes Ethernet(uint16_t type) {
  return Bytes(12, 0xee) + Bytes{High(type), Low(type)};
}

// 10.77.0.1 to 10.77.0.2; `options` a multiple of 4 bytes.
Bytes Ipv4(size_t payload, const Bytes& options = {}, uint16_t fragment = 0x4000) {
  const size_t header = 20 + options.size();
  return Bytes{static_cast<uint8_t>(0x40U | (header / 4)),
               0,
               High(header + payload),
               Low(header + payload),
               0,
               0,
               High(fragment),
               Low(fragment),
               64,
               6,
               0,
               0,
               10,
               77,
               0,
               1,
               10,
               77,
               0,
               2} +
         options;
}

// fd77::1 to fd77::2.
Bytes Ipv6(size_t payload, uint8_t next_header = 6) {
  Bytes address(16, 0);
  address[0] = 0xfd;
  address[1] = 0x77;
  address[15] = 1;
  Bytes other = address;
  other[15] = 2;
  return Bytes{0x60, 0, 0, 0, High(payload), Low(payload), next_header, 64} + address + other;
}

// Port 40000 to 8080, seq 0x01020304, ack 0xfffefdfc, window 0x1234.
Bytes Tcp(uint8_t flags, const Bytes& options = {}) {
  const size_t header = 20 + options.size();
  return Bytes{0x9c,
               0x40,
               0x1f,
               0x90,
               1,
               2,
               3,
               4,
               0xff,
               0xfe,
               0xfd,
               0xfc,
               static_cast<uint8_t>((header / 4) << 4U),
               flags,
               0x12,
               0x34,
               0,
               0,
               0,
               0} +
         options;
}

constexpr uint8_t kSyn = 0x02;
constexpr uint8_t kFinAck = 0x11;
const Bytes kSynOptions = {2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 7, 0, 0, 0, 9, 1, 3, 3, 7};

TEST(ParseSegment, Ipv4) {
  const auto segment = Parse(Ethernet(0x0800) + Ipv4(25) + Tcp(kFinAck) + Bytes(5, 'x'));
  ASSERT_TRUE(segment);
  EXPECT_EQ(ToString(segment->source), "10.77.0.1:40000");
  EXPECT_EQ(ToString(segment->destination), "10.77.0.2:8080");
  EXPECT_EQ(segment->seg_seq, 0x01020304U);
  EXPECT_EQ(segment->seg_ack, 0xfffefdfcU);
  EXPECT_EQ(segment->seg_wnd, 0x1234U);
  EXPECT_EQ(segment->seg_len, 5U);
  EXPECT_EQ(segment->flags, (Flags{.fin = true, .ack = true}));
  EXPECT_FALSE(segment->ts_val || segment->ts_ecr || segment->wscale || segment->mss);
}

TEST(ParseSegment, Ipv6) {
  const auto segment = Parse(Ethernet(0x86dd) + Ipv6(25) + Tcp(kFinAck) + Bytes(5, 'x'));
  ASSERT_TRUE(segment);
  EXPECT_EQ(ToString(segment->source), "[fd77::1]:40000");
  EXPECT_EQ(ToString(segment->destination), "[fd77::2]:8080");
  EXPECT_EQ(segment->seg_len, 5U);
}

TEST(ParseSegment, VlanTags) {
  const Bytes rest = Bytes{0, 7, 0x08, 0x00} + Ipv4(20) + Tcp(kSyn);
  EXPECT_TRUE(Parse(Ethernet(0x8100) + rest));
  EXPECT_TRUE(Parse(Ethernet(0x88a8) + Bytes{0, 1, 0x81, 0x00} + rest));
}

TEST(ParseSegment, Ipv4Options) {
  const auto segment = Parse(Ethernet(0x0800) + Ipv4(20, Bytes(8, 1)) + Tcp(kSyn));
  ASSERT_TRUE(segment);
  EXPECT_EQ(segment->source.port, 40000);
  EXPECT_EQ(segment->seg_len, 0U);
}

TEST(ParseSegment, Ipv6ExtensionHeaders) {
  const Bytes hop = {43, 0, 1, 4, 0, 0, 0, 0};
  const Bytes routing = {60, 0, 4, 0, 0, 0, 0, 0};
  const Bytes destination = {6, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  const auto segment =
      Parse(Ethernet(0x86dd) + Ipv6(55, 0) + hop + routing + destination + Tcp(kFinAck) + Bytes(3));
  ASSERT_TRUE(segment);
  EXPECT_EQ(segment->seg_len, 3U);
  EXPECT_EQ(segment->source.port, 40000);
}

TEST(ParseSegment, FragmentsAreRefused) {
  const Bytes tcp = Tcp(kSyn);
  EXPECT_FALSE(Parse(Ethernet(0x0800) + Ipv4(20, {}, 0x2000) + tcp)) << "more fragments";
  EXPECT_FALSE(Parse(Ethernet(0x0800) + Ipv4(20, {}, 0x0001) + tcp)) << "offset";
  EXPECT_FALSE(Parse(Ethernet(0x86dd) + Ipv6(28, 44) + Bytes{6, 0, 0, 0, 0, 0, 0, 1} + tcp));
}

TEST(ParseSegment, OtherProtocolsAreRefused) {
  EXPECT_FALSE(Parse(Ethernet(0x0806) + Ipv4(20) + Tcp(kSyn))) << "ARP";
  Bytes udp = Ethernet(0x0800) + Ipv4(20) + Tcp(kSyn);
  udp[23] = 17;
  EXPECT_FALSE(Parse(udp));
  EXPECT_FALSE(Parse(Ethernet(0x86dd) + Ipv6(20, 17) + Tcp(kSyn)));
  EXPECT_FALSE(Parse(Ethernet(0x86dd) + Ipv4(20) + Tcp(kSyn))) << "IPv4 behind IPv6's type";
  EXPECT_FALSE(Parse(Ethernet(0x0800) + Ipv6(20) + Tcp(kSyn))) << "IPv6 behind IPv4's type";
}

TEST(ParseSegment, ContradictionsAreRefused) {
  const Bytes tcp = Tcp(kSyn);
  EXPECT_FALSE(Parse(Ethernet(0x0800) + Ipv4(19) + tcp)) << "TCP header longer than its datagram";
  Bytes short_ip = Ethernet(0x0800) + Ipv4(20) + tcp;
  short_ip[14] = 0x44;
  EXPECT_FALSE(Parse(short_ip)) << "IPv4 header of 16 bytes";
  short_ip[14] = 0x45;
  short_ip[17] = 19;
  EXPECT_FALSE(Parse(short_ip)) << "total length below the header";
  Bytes offset = Ethernet(0x0800) + Ipv4(20) + tcp;
  offset[14 + 20 + 12] = 0x40;
  EXPECT_FALSE(Parse(offset)) << "TCP header of 16 bytes";
  EXPECT_FALSE(
      Parse(Ethernet(0x86dd) + Ipv6(8, 0) + Bytes{6, 1, 0, 0, 0, 0, 0, 0} + Bytes(8) + tcp))
      << "extension header longer than its datagram";
}

TEST(ParseSegment, PaddingIsNoPayload) {
  const auto segment = Parse(Ethernet(0x0800) + Ipv4(20) + Tcp(kFinAck) + Bytes(6));
  ASSERT_TRUE(segment);
  EXPECT_EQ(segment->seg_len, 0U);
  const auto options_in_padding = Parse(Ethernet(0x0800) + Ipv4(20) + Tcp(kSyn, kSynOptions));
  EXPECT_FALSE(options_in_padding);
}

TEST(ParseSegment, OptionsOfASyn) {
  const auto segment = Parse(Ethernet(0x0800) + Ipv4(40) + Tcp(kSyn, kSynOptions));
  ASSERT_TRUE(segment);
  EXPECT_EQ(segment->mss, 1460);
  EXPECT_EQ(segment->ts_val, 7U);
  EXPECT_EQ(segment->ts_ecr, 9U);
  EXPECT_EQ(segment->wscale, 7);
  EXPECT_EQ(segment->seg_len, 0U);
}

TEST(ParseSegment, MssAndWindowScaleOnSynOnly) {
  const auto segment = Parse(Ethernet(0x0800) + Ipv4(40) + Tcp(kFinAck, kSynOptions));
  ASSERT_TRUE(segment);
  EXPECT_EQ(segment->ts_val, 7U);
  EXPECT_FALSE(segment->mss || segment->wscale);
}

// `broken` stands between an MSS option and what would be the window scale.
void ExpectOptionsEnd(const Bytes& broken) {
  const Bytes options = Bytes{2, 4, 1, 0} + broken;
  const auto segment = Parse(Ethernet(0x0800) + Ipv4(28) + Tcp(kSyn, options));
  ASSERT_TRUE(segment);
  EXPECT_EQ(segment->mss, 256);
  EXPECT_FALSE(segment->wscale);
}

TEST(ParseSegment, OptionsEndAtTheFirstThatDoesNotFit) {
  ExpectOptionsEnd({5, 9, 1, 1});
  ExpectOptionsEnd({5, 0, 3, 3});
  ExpectOptionsEnd({5, 1, 3, 3});
  ExpectOptionsEnd({1, 1, 3, 3});
  ExpectOptionsEnd({0, 3, 3, 7});
}

TEST(ParseSegment, OptionOfAnotherLengthIsVoid) {
  const auto segment = Parse(Ethernet(0x0800) + Ipv4(28) + Tcp(kSyn, {2, 3, 1, 3, 4, 7, 9, 1}));
  ASSERT_TRUE(segment);
  EXPECT_FALSE(segment->mss || segment->wscale);
}

void ExpectPayload(const std::optional<Segment>& segment, size_t captured) {
  ASSERT_TRUE(segment) << captured;
  EXPECT_EQ(segment->seg_len, 10U);
  EXPECT_EQ(segment->wscale, 7);
}

// `headers` is a whole frame up to its ten bytes of payload.
void ExpectWholeHeadersOnly(const Bytes& headers) {
  for (size_t captured = 0; captured < headers.size(); ++captured) {
    EXPECT_FALSE(Parse(headers, captured)) << captured;
  }
  const Bytes frame = headers + Bytes(10, 'x');
  for (size_t captured = headers.size(); captured <= frame.size(); ++captured) {
    ExpectPayload(Parse(frame, captured), captured);
  }
}

// Truncated anywhere in its headers it is nothing; in its payload it is the same segment.
TEST(ParseSegment, TruncationAtEveryByte) {
  const Bytes tcp = Tcp(kSyn, kSynOptions);
  ExpectWholeHeadersOnly(Ethernet(0x0800) + Ipv4(50) + tcp);
  ExpectWholeHeadersOnly(Ethernet(0x0800) + Ipv4(50, Bytes(4, 1)) + tcp);
  ExpectWholeHeadersOnly(Ethernet(0x8100) + Bytes{0, 7, 0x86, 0xdd} + Ipv6(50) + tcp);
  ExpectWholeHeadersOnly(Ethernet(0x86dd) + Ipv6(58, 60) + Bytes{6, 0, 1, 4, 0, 0, 0, 0} + tcp);
}

// Every byte replaced by every value, whole and cut behind it: whatever comes, no read out of
// bounds.
TEST(ParseSegment, AnyByteMayBeAnything) {
  const Bytes good = Ethernet(0x86dd) + Ipv6(58, 60) + Bytes{6, 0, 1, 4, 0, 0, 0, 0} +
                     Tcp(kSyn, kSynOptions) + Bytes(10, 'x');
  for (size_t at = 0; at < good.size(); ++at) {
    Bytes frame = good;
    for (unsigned value = 0; value < 256; ++value) {
      frame[at] = static_cast<uint8_t>(value);
      static_cast<void>(Parse(frame));
      static_cast<void>(Parse(frame, at + 1));
    }
  }
}

TEST(Flags, Names) {
  EXPECT_EQ(ToString(Flags{}), "none");
  EXPECT_EQ(ToString(Flags{.syn = true}), "SYN");
  EXPECT_EQ(ToString(Flags{.fin = true, .psh = true, .ack = true}), "FIN,PSH,ACK");
  EXPECT_EQ(ToString(Flags{true, true, true, true, true, true, true, true}),
            "SYN,FIN,RST,PSH,ACK,URG,ECE,CWR");
}

TEST(Flags, EveryBit) {
  const std::vector<std::string> names = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"};
  for (size_t bit = 0; bit < names.size(); ++bit) {
    const auto flags = static_cast<uint8_t>(1U << bit);
    EXPECT_EQ(ToString(Parse(Ethernet(0x0800) + Ipv4(20) + Tcp(flags))->flags), names[bit]);
  }
}

TEST(SequenceLength, CountsSynAndFin) {
  Segment segment;
  EXPECT_EQ(SequenceLength(segment), 0U);
  segment.flags.fin = true;
  segment.seg_len = 5;
  EXPECT_EQ(SequenceLength(segment), 6U);
  segment.flags.syn = true;
  EXPECT_EQ(SequenceLength(segment), 7U);
}

TEST(Seq, ComparesModulo) {
  EXPECT_TRUE(SeqLess(0xffffffffU, 0));
  EXPECT_FALSE(SeqLess(0, 0xffffffffU));
  EXPECT_TRUE(SeqLessEqual(5, 5));
}

TEST(ParseFlags, ReadsWhatToStringWrites) {
  const Flags all{.fin = true,
                  .syn = true,
                  .rst = true,
                  .psh = true,
                  .ack = true,
                  .urg = true,
                  .ece = true,
                  .cwr = true};
  for (const Flags& flags : {Flags{}, Flags{.fin = true, .ack = true}, all}) {
    EXPECT_EQ(ParseFlags(ToString(flags)), flags);
  }
  EXPECT_EQ(ParseFlags("ACK,FIN"), (Flags{.fin = true, .ack = true}));
  EXPECT_EQ(ParseFlags(""), Flags{});
}

TEST(ParseFlags, RefusesOtherNames) {
  for (const char* text : {"FINN", "FIN,", "fin", "FIN ACK", "none,FIN"}) {
    EXPECT_EQ(ParseFlags(text), std::nullopt) << text;
  }
}

TEST(FlagBits, AreThoseOfTheHeader) {
  EXPECT_EQ(FlagBits({}), 0);
  EXPECT_EQ(FlagBits({.fin = true, .ack = true}), 0x11);
  EXPECT_EQ(FlagBits({.syn = true, .cwr = true}), 0x82);
}

}  // namespace
}  // namespace lastack

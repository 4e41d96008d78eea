// Frames, header by header.
#include "wire/build.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <string>

namespace lastack {
namespace {

using Octets = std::vector<uint8_t>;

constexpr uint8_t kHopLimit = 64;
constexpr size_t kTcpHeader = 20;
constexpr size_t kTimestamps = 12;  // two NOPs before the option, as RFC 7323 appendix A advises
constexpr uint16_t kEtherTypeIpv4 = 0x0800;
constexpr uint16_t kEtherTypeIpv6 = 0x86dd;
constexpr uint16_t kDontFragment = 0x4000;

void Append16(uint16_t value, Octets* out) {
  out->push_back(static_cast<uint8_t>(value >> 8U));
  out->push_back(static_cast<uint8_t>(value & 0xffU));
}

void Append32(uint32_t value, Octets* out) {
  Append16(static_cast<uint16_t>(value >> 16U), out);
  Append16(static_cast<uint16_t>(value & 0xffffU), out);
}

void Append(std::span<const uint8_t> octets, Octets* out) {
  out->insert(out->end(), octets.begin(), octets.end());
}

void Put16(uint16_t value, size_t at, Octets* out) {
  (*out)[at] = static_cast<uint8_t>(value >> 8U);
  (*out)[at + 1] = static_cast<uint8_t>(value & 0xffU);
}

bool IsV6(const SocketAddress& address) {
  return address.address.find(':') != std::string::npos;
}

Octets Binary(const SocketAddress& address) {
  Octets binary(IsV6(address) ? 16 : 4);
  inet_pton(IsV6(address) ? AF_INET6 : AF_INET, address.address.c_str(), binary.data());
  return binary;
}

// RFC 1071.
uint16_t Checksum(std::span<const uint8_t> octets) {
  uint32_t sum = 0;
  for (size_t i = 0; i < octets.size(); ++i) {
    sum += i % 2 == 0 ? static_cast<uint32_t>(octets[i]) << 8U : octets[i];
  }
  while (sum > 0xffffU) {
    sum = (sum & 0xffffU) + (sum >> 16U);
  }
  return static_cast<uint16_t>(~sum);
}

// Over the pseudo header, too: RFC 9293 3.1 and RFC 8200 8.1 put it differently, to the same sum.
uint16_t PseudoChecksum(const FrameEnds& ends, uint8_t protocol, const Octets& payload) {
  Octets summed = Binary(ends.source);
  Append(Binary(ends.destination), &summed);
  Append32(static_cast<uint32_t>(payload.size()), &summed);
  Append32(protocol, &summed);
  Append(payload, &summed);
  return Checksum(summed);
}

Octets Ipv4Header(const FrameEnds& ends, uint8_t protocol, size_t payload) {
  constexpr size_t kHeader = 20;
  constexpr size_t kChecksumAt = 10;
  Octets header = {0x45, 0};
  Append16(static_cast<uint16_t>(kHeader + payload), &header);
  Append16(0, &header);  // no identification: it is never a fragment
  Append16(kDontFragment, &header);
  header.push_back(kHopLimit);
  header.push_back(protocol);
  Append16(0, &header);
  Append(Binary(ends.source), &header);
  Append(Binary(ends.destination), &header);
  Put16(Checksum(header), kChecksumAt, &header);
  return header;
}

Octets Ipv6Header(const FrameEnds& ends, uint8_t protocol, size_t payload) {
  Octets header = {0x60, 0, 0, 0};
  Append16(static_cast<uint16_t>(payload), &header);
  header.push_back(protocol);
  header.push_back(kHopLimit);
  Append(Binary(ends.source), &header);
  Append(Binary(ends.destination), &header);
  return header;
}

Octets Frame(const FrameEnds& ends, uint8_t protocol, const Octets& payload) {
  const bool v6 = IsV6(ends.source);
  Octets frame;
  Append(ends.destination_mac, &frame);
  Append(ends.source_mac, &frame);
  Append16(v6 ? kEtherTypeIpv6 : kEtherTypeIpv4, &frame);
  Append(
      v6 ? Ipv6Header(ends, protocol, payload.size()) : Ipv4Header(ends, protocol, payload.size()),
      &frame);
  Append(payload, &frame);
  return frame;
}

Octets TcpHeader(const FrameEnds& ends, const Segment& segment) {
  const size_t length = kTcpHeader + (segment.ts_val ? kTimestamps : 0);
  Octets tcp;
  Append16(ends.source.port, &tcp);
  Append16(ends.destination.port, &tcp);
  Append32(segment.seg_seq, &tcp);
  Append32(segment.seg_ack, &tcp);
  tcp.push_back(static_cast<uint8_t>(length / 4 << 4U));
  tcp.push_back(FlagBits(segment.flags));
  Append16(static_cast<uint16_t>(segment.seg_wnd), &tcp);
  Append16(0, &tcp);  // checksum
  Append16(0, &tcp);  // urgent pointer
  if (segment.ts_val) {
    Append(std::array<uint8_t, 4>{1, 1, 8, 10}, &tcp);
    Append32(*segment.ts_val, &tcp);
    Append32(segment.ts_ecr.value_or(0), &tcp);
  }
  return tcp;
}

}  // namespace

Octets BuildSegment(const FrameEnds& ends,
                    const Segment& segment,
                    std::span<const uint8_t> payload) {
  constexpr size_t kChecksumAt = 16;
  Octets tcp = TcpHeader(ends, segment);
  Append(payload, &tcp);
  Put16(PseudoChecksum(ends, IPPROTO_TCP, tcp), kChecksumAt, &tcp);
  return Frame(ends, IPPROTO_TCP, tcp);
}

Octets BuildUnreachable(const FrameEnds& ends, Unreachable what, std::span<const uint8_t> packet) {
  constexpr size_t kChecksumAt = 2;
  const bool v6 = IsV6(ends.source);
  const bool port = what == Unreachable::kPort;
  // RFC 792: type 3, code 3 port, 1 host. RFC 4443 3.1: type 1, code 4 port, 3 address.
  Octets icmp;
  icmp.push_back(v6 ? 1 : 3);
  icmp.push_back(v6 ? (port ? 4 : 3) : (port ? 3 : 1));
  Append16(0, &icmp);  // checksum
  Append32(0, &icmp);  // unused
  Append(packet, &icmp);
  const uint16_t checksum = v6 ? PseudoChecksum(ends, IPPROTO_ICMPV6, icmp) : Checksum(icmp);
  Put16(checksum, kChecksumAt, &icmp);
  return v6 ? Frame(ends, IPPROTO_ICMPV6, icmp) : Frame(ends, IPPROTO_ICMP, icmp);
}

}  // namespace lastack

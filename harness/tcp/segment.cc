// Reads a segment out of a captured frame; every access is checked against what was captured.
#include "tcp/segment.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>

#include "base/strings.h"

namespace lastack {
namespace {

using Bytes = std::span<const uint8_t>;

constexpr size_t kEthernetHeader = 14;
constexpr size_t kVlanTag = 4;
constexpr size_t kIpv4Header = 20;
constexpr size_t kIpv6Header = 40;
constexpr size_t kTcpHeader = 20;

constexpr uint16_t kEtherTypeIpv4 = 0x0800;
constexpr uint16_t kEtherTypeIpv6 = 0x86dd;
constexpr uint16_t kEtherTypeVlan = 0x8100;         // IEEE 802.1Q
constexpr uint16_t kEtherTypeServiceVlan = 0x88a8;  // IEEE 802.1ad, the outer one of two tags

constexpr uint8_t kOptionEnd = 0;
constexpr uint8_t kOptionNop = 1;
constexpr uint8_t kOptionMss = 2;          // RFC 9293 3.2
constexpr uint8_t kOptionWindowScale = 3;  // RFC 7323 2.2
constexpr uint8_t kOptionTimestamps = 8;   // RFC 7323 3.2

// The IP layer's share: who speaks to whom, and the TCP header with what follows it.
struct Datagram {
  std::string source;
  std::string destination;
  Bytes captured;         // from the TCP header on, as far as it was captured, without padding
  size_t tcp_length = 0;  // header and payload, as the IP header says
};

// Callers have checked that the bytes are there.
uint16_t Read16(Bytes bytes, size_t at) {
  return static_cast<uint16_t>((bytes[at] << 8U) | bytes[at + 1]);
}

uint32_t Read32(Bytes bytes, size_t at) {
  return (static_cast<uint32_t>(Read16(bytes, at)) << 16U) | Read16(bytes, at + 2);
}

std::string AddressText(int family, Bytes address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(family, address.data(), text.data(), text.size());
  return text.data();
}

// What was captured of `whole` bytes that begin at `from`.
Bytes Captured(Bytes packet, size_t from, size_t whole) {
  const Bytes rest = packet.subspan(from);
  return rest.first(std::min(rest.size(), whole));
}

// RFC 791 3.1.
std::optional<Datagram> ParseIpv4(Bytes packet) {
  if (packet.size() < kIpv4Header || (packet[0] >> 4U) != 4) {
    return std::nullopt;
  }
  const size_t header = static_cast<size_t>(packet[0] & 0x0fU) * 4;
  const size_t total = Read16(packet, 2);
  const bool fragment = (Read16(packet, 6) & 0x3fffU) != 0;  // more fragments, or an offset
  if (header < kIpv4Header || total < header || packet.size() < header || fragment ||
      packet[9] != IPPROTO_TCP) {
    return std::nullopt;
  }
  return Datagram{AddressText(AF_INET, packet.subspan(12, 4)),
                  AddressText(AF_INET, packet.subspan(16, 4)),
                  Captured(packet, header, total - header),
                  total - header};
}

// RFC 8200 3 and 4. A Fragment header is not skipped: what follows it is no whole segment.
std::optional<Datagram> ParseIpv6(Bytes packet) {
  if (packet.size() < kIpv6Header || (packet[0] >> 4U) != 6) {
    return std::nullopt;
  }
  const size_t whole = kIpv6Header + Read16(packet, 4);
  uint8_t next_header = packet[6];
  size_t at = kIpv6Header;
  while (next_header == IPPROTO_HOPOPTS || next_header == IPPROTO_ROUTING ||
         next_header == IPPROTO_DSTOPTS) {
    if (packet.size() < at + 2) {
      return std::nullopt;
    }
    next_header = packet[at];
    at += (static_cast<size_t>(packet[at + 1]) + 1) * 8;
  }
  if (next_header != IPPROTO_TCP || at > whole || at > packet.size()) {
    return std::nullopt;
  }
  return Datagram{AddressText(AF_INET6, packet.subspan(8, 16)),
                  AddressText(AF_INET6, packet.subspan(24, 16)),
                  Captured(packet, at, whole - at),
                  whole - at};
}

std::optional<Datagram> ParseEthernet(Bytes frame) {
  if (frame.size() < kEthernetHeader) {
    return std::nullopt;
  }
  size_t header = kEthernetHeader;
  uint16_t type = Read16(frame, header - 2);
  while (type == kEtherTypeVlan || type == kEtherTypeServiceVlan) {
    header += kVlanTag;
    if (frame.size() < header) {
      return std::nullopt;
    }
    type = Read16(frame, header - 2);
  }
  if (type == kEtherTypeIpv4) {
    return ParseIpv4(frame.subspan(header));
  }
  if (type == kEtherTypeIpv6) {
    return ParseIpv6(frame.subspan(header));
  }
  return std::nullopt;
}

// One option with its kind and length bytes. A length that the kind does not have makes it void.
void TakeOption(Bytes option, Segment* segment) {
  const uint8_t kind = option[0];
  if (kind == kOptionMss && option.size() == 4 && segment->flags.syn) {
    segment->mss = Read16(option, 2);
  } else if (kind == kOptionWindowScale && option.size() == 3 && segment->flags.syn) {
    segment->wscale = option[2];
  } else if (kind == kOptionTimestamps && option.size() == 10) {
    segment->ts_val = Read32(option, 2);
    segment->ts_ecr = Read32(option, 6);
  }
}

// RFC 9293 3.2. Ends at the first option that does not fit: what follows it has no known place.
void TakeOptions(Bytes options, Segment* segment) {
  while (!options.empty() && options[0] != kOptionEnd) {
    if (options[0] == kOptionNop) {
      options = options.subspan(1);
      continue;
    }
    if (options.size() < 2 || options[1] < 2 || options[1] > options.size()) {
      return;
    }
    TakeOption(options.first(options[1]), segment);
    options = options.subspan(options[1]);
  }
}

}  // namespace

std::string ToString(const Flags& flags) {
  const std::array<std::pair<bool, std::string_view>, 8> names = {{{flags.syn, "SYN"},
                                                                   {flags.fin, "FIN"},
                                                                   {flags.rst, "RST"},
                                                                   {flags.psh, "PSH"},
                                                                   {flags.ack, "ACK"},
                                                                   {flags.urg, "URG"},
                                                                   {flags.ece, "ECE"},
                                                                   {flags.cwr, "CWR"}}};
  std::string text;
  for (const auto& [is_set, name] : names) {
    if (is_set) {
      text += text.empty() ? "" : ",";
      text += name;
    }
  }
  return text.empty() ? "none" : text;
}

std::optional<Flags> ParseFlags(std::string_view text) {
  Flags flags;
  if (text.empty() || text == "none") {
    return flags;
  }
  const std::array<std::pair<std::string_view, bool*>, 8> names = {{{"SYN", &flags.syn},
                                                                    {"FIN", &flags.fin},
                                                                    {"RST", &flags.rst},
                                                                    {"PSH", &flags.psh},
                                                                    {"ACK", &flags.ack},
                                                                    {"URG", &flags.urg},
                                                                    {"ECE", &flags.ece},
                                                                    {"CWR", &flags.cwr}}};
  for (const std::string& word : Split(text, ',')) {
    const auto* const found = std::ranges::find(names, word, [](const auto& n) { return n.first; });
    if (found == names.end()) {
      return std::nullopt;
    }
    *found->second = true;
  }
  return flags;
}

Flags FlagsFromBits(uint8_t bits) {
  auto is_set = [bits](unsigned bit) { return ((bits >> bit) & 1U) != 0; };
  return {.fin = is_set(0),
          .syn = is_set(1),
          .rst = is_set(2),
          .psh = is_set(3),
          .ack = is_set(4),
          .urg = is_set(5),
          .ece = is_set(6),
          .cwr = is_set(7)};
}

uint8_t FlagBits(const Flags& flags) {
  const std::array<bool, 8> bits = {
      flags.fin, flags.syn, flags.rst, flags.psh, flags.ack, flags.urg, flags.ece, flags.cwr};
  unsigned all = 0;
  for (size_t i = 0; i < bits.size(); ++i) {
    all |= (bits.at(i) ? 1U : 0U) << i;
  }
  return static_cast<uint8_t>(all);
}

uint32_t SequenceLength(const Segment& segment) {
  return segment.seg_len + (segment.flags.syn ? 1U : 0U) + (segment.flags.fin ? 1U : 0U);
}

std::optional<Segment> ParseSegment(const uint8_t* frame, size_t captured) {
  const std::optional<Datagram> datagram = ParseEthernet(Bytes(frame, captured));
  if (!datagram || datagram->captured.size() < kTcpHeader) {
    return std::nullopt;
  }
  const Bytes tcp = datagram->captured;
  const size_t header = static_cast<size_t>(tcp[12] >> 4U) * 4;
  if (header < kTcpHeader || header > tcp.size()) {
    return std::nullopt;
  }
  Segment segment;
  segment.source = {datagram->source, Read16(tcp, 0)};
  segment.destination = {datagram->destination, Read16(tcp, 2)};
  segment.seg_seq = Read32(tcp, 4);
  segment.seg_ack = Read32(tcp, 8);
  segment.flags = FlagsFromBits(tcp[13]);
  segment.seg_wnd = Read16(tcp, 14);
  segment.seg_len = static_cast<uint32_t>(datagram->tcp_length - header);
  TakeOptions(tcp.subspan(kTcpHeader, header - kTcpHeader), &segment);
  return segment;
}

}  // namespace lastack

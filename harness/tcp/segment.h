// One TCP segment as a tap saw it, parsed from an Ethernet frame.
//
// Units: sequence numbers modulo 2^32; lengths in bytes; times as the tap stamped them.
// Sources: RFC 9293 3.1, RFC 791 3.1, RFC 8200 3, RFC 7323 3.2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/socket_address.h"

namespace lastack {

// TCP's control bits, RFC 9293 3.1.
struct Flags {
  bool fin = false;
  bool syn = false;
  bool rst = false;
  bool psh = false;
  bool ack = false;
  bool urg = false;
  bool ece = false;
  bool cwr = false;

  bool operator==(const Flags&) const = default;
};

// "FIN,ACK", "SYN", "none"; the order is SYN FIN RST PSH ACK URG ECE CWR as Wireshark users read
// it.
[[nodiscard]] std::string ToString(const Flags& flags);
// The flags of "FIN,ACK", in any order; of "none" and of an empty text none. Nothing if a name is
// not one of the eight.
[[nodiscard]] std::optional<Flags> ParseFlags(std::string_view text);
// The control bits as they stand in a header: FIN is 1, SYN 2, … CWR 128.
[[nodiscard]] uint8_t FlagBits(const Flags& flags);
[[nodiscard]] Flags FlagsFromBits(uint8_t bits);

enum class Direction { kIn, kOut };  // as the tap's host sees it

struct Segment {
  SocketAddress source;
  SocketAddress destination;
  uint32_t seg_seq = 0;
  uint32_t seg_ack = 0;  // meaningful with flags.ack
  uint32_t seg_wnd = 0;  // as in the header, not scaled
  uint32_t seg_len =
      0;  // payload bytes, from the IP length: right even if the capture is truncated
  Flags flags;
  std::optional<uint32_t> ts_val;  // RFC 7323 timestamps
  std::optional<uint32_t> ts_ecr;
  std::optional<uint8_t> wscale;  // on SYN only
  std::optional<uint16_t> mss;    // on SYN only
};

// SEG.LEN of RFC 9293: payload bytes plus one for SYN and one for FIN.
[[nodiscard]] uint32_t SequenceLength(const Segment& segment);

// Parses an Ethernet frame (with or without a VLAN tag) that holds IPv4 or IPv6 and TCP. `captured`
// bytes are there; the frame may be truncated after the TCP header. Nothing if it is no TCP segment
// or its headers are not whole or contradict one another. Never reads beyond `captured`.
[[nodiscard]] std::optional<Segment> ParseSegment(const uint8_t* frame, size_t captured);

// Comparison modulo 2^32 (RFC 9293 3.4).
[[nodiscard]] constexpr bool SeqLess(uint32_t a, uint32_t b) {
  return static_cast<int32_t>(a - b) < 0;
}
[[nodiscard]] constexpr bool SeqLessEqual(uint32_t a, uint32_t b) {
  return static_cast<int32_t>(a - b) <= 0;
}

}  // namespace lastack

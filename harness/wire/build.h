// Builds Ethernet frames: a TCP segment, or the ICMP error that answers one.
//
// Sources: RFC 791 3.1, RFC 8200 3 and 8.1, RFC 9293 3.1, RFC 7323 3.2 and appendix A, RFC 792,
// RFC 4443 3.1. Pure. Checksums are right; nothing is left to an offload.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/mac_address.h"
#include "base/socket_address.h"
#include "tcp/segment.h"
#include "wire/tracked.h"

namespace lastack {

// Who sends a frame to whom; both addresses are of one family.
struct FrameEnds {
  MacAddress source_mac{};
  MacAddress destination_mac{};
  SocketAddress source;
  SocketAddress destination;
};

// The frame of a segment. Of `segment` its numbers, window, flags and timestamps count, of `ends`
// the addresses.
[[nodiscard]] std::vector<uint8_t> BuildSegment(const FrameEnds& ends,
                                                const Segment& segment,
                                                std::span<const uint8_t> payload);

enum class Unreachable { kPort, kHost };

// The frame of an ICMP or ICMPv6 destination unreachable that quotes `packet`, from its IP header
// on.
[[nodiscard]] std::vector<uint8_t> BuildUnreachable(const FrameEnds& ends,
                                                    Unreachable what,
                                                    std::span<const uint8_t> packet);

}  // namespace lastack

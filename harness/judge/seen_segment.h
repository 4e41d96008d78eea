// A segment as one host's capture shows it, and what makes two of them the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "tcp/segment.h"

namespace lastack {

// A TCP segment in one host's capture.
struct SeenSegment {
  std::string host;
  int64_t packet = 0;  // its number in that host's capture, from 1, as Wireshark shows it
  int64_t t_ns = 0;
  bool sent = false;  // by this host; on lo, where each segment is captured once, always true
  bool loopback = false;
  bool lost = false;                     // sent, and the relay did not pass it on
  bool injected = false;                 // received, and made by the relay
  std::optional<uint32_t> relative_seq;  // from its sender's SYN, which is 0
  std::string reason;                    // of a RST that was sent: the kernel's own; empty: unknown
  Segment segment;
};

// What makes a segment the same one at both ends: addresses, numbers, flags, length.
using SegmentIdentity =
    std::tuple<SocketAddress, SocketAddress, uint32_t, uint32_t, std::string, uint32_t>;
[[nodiscard]] SegmentIdentity IdentityOf(const Segment& segment);

using SeenSegments = std::vector<SeenSegment>;  // of one host, in the order of its capture

// Merges the captures of all hosts. Each keeps its own order; a received segment comes after its
// sending, whatever the clocks say; only where neither decides does the time.
[[nodiscard]] SeenSegments MergeCausally(std::vector<SeenSegments> captures);

}  // namespace lastack

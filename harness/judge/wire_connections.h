// The connections that the captures of a run show.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "judge/seen_segment.h"

namespace lastack {

// One connection on the wire, from its SYN on. A reused pair of addresses is another one.
struct WireConnection {
  SocketAddress initiator;
  SocketAddress responder;
  uint32_t initial_sequence = 0;
  // Of a simultaneous open: the number of the responder's own SYN, which crossed the initiator's.
  std::optional<uint32_t> crossing_sequence;
  bool answered = false;  // an ACK has been seen, so a further SYN does not cross the first
  int64_t begin_ns = 0;
  std::map<std::string, std::vector<size_t>>
      segments;  // host → indices into Reconstruction::segments
};

// The two addresses of a segment, in whichever direction it goes.
using AddressesOfPair = std::pair<SocketAddress, SocketAddress>;
[[nodiscard]] AddressesOfPair PairOf(const Segment& segment);

// Groups the segments, which are in causal order: each SYN with a number of its own begins a
// connection, except one that crosses the other end's SYN, and one that the relay made and nobody
// answered. Then it numbers each from its sender's SYN.
[[nodiscard]] std::vector<WireConnection> FindConnections(SeenSegments* segments);

}  // namespace lastack

#include "judge/wire_connections.h"

#include <algorithm>

namespace lastack {
namespace {

// Groups the segments of one pair of addresses; a SYN with another sequence number begins a new
// connection, at both hosts.
class ConnectionSplitter {
 public:
  explicit ConnectionSplitter(const std::vector<SeenSegment>& segments) : segments_(segments) {}

  std::vector<WireConnection> Split() {
    for (size_t i = 0; i < segments_.size(); ++i) {
      Add(i);
    }
    return std::move(connections_);
  }

 private:
  void Add(size_t index) {
    const SeenSegment& seen = segments_[index];
    const Segment& segment = seen.segment;
    std::vector<size_t>& of_pair = by_pair_[PairOf(segment)];
    const bool opens =
        segment.flags.syn && !segment.flags.ack && (!seen.injected || IsAnswered(segment));
    if (opens && !of_pair.empty() && Crosses(connections_[of_pair.back()], segment)) {
      connections_[of_pair.back()].crossing_sequence = segment.seg_seq;
    } else if (opens || of_pair.empty()) {
      const auto known = std::find_if(of_pair.begin(), of_pair.end(), [&](size_t c) {
        return IsSynOf(connections_[c], segment);
      });
      if (known == of_pair.end()) {
        of_pair.push_back(connections_.size());
        connections_.push_back({.initiator = segment.source,
                                .responder = segment.destination,
                                .initial_sequence = segment.seg_seq,
                                .begin_ns = seen.t_ns,
                                .segments = {}});
      }
    }
    // At a host the newest connection of the pair whose SYN this host has seen takes the segment.
    size_t target = of_pair.front();
    for (const size_t candidate : of_pair) {
      if (connections_[candidate].segments.contains(seen.host) || IsOpening(candidate, segment)) {
        target = candidate;
      }
    }
    connections_[target].segments[seen.host].push_back(index);
    connections_[target].answered = connections_[target].answered || segment.flags.ack;
  }

  // A SYN,ACK acknowledges exactly this SYN.
  [[nodiscard]] bool IsAnswered(const Segment& syn) const {
    return std::any_of(segments_.begin(), segments_.end(), [&](const SeenSegment& seen) {
      const Segment& answer = seen.segment;
      return answer.flags.syn && answer.flags.ack && answer.source == syn.destination &&
             answer.destination == syn.source && answer.seg_ack == syn.seg_seq + 1;
    });
  }

  // Simultaneous open, RFC 9293 3.5: neither end has answered the other's SYN yet.
  static bool Crosses(const WireConnection& connection, const Segment& syn) {
    return !connection.answered && connection.initiator == syn.destination;
  }

  [[nodiscard]] bool IsOpening(size_t candidate, const Segment& segment) const {
    return segment.flags.syn && !segment.flags.ack && IsSynOf(connections_[candidate], segment);
  }

  static bool IsSynOf(const WireConnection& connection, const Segment& segment) {
    const bool first =
        connection.initiator == segment.source && connection.initial_sequence == segment.seg_seq;
    return first || (connection.responder == segment.source &&
                     connection.crossing_sequence == segment.seg_seq);
  }

  const std::vector<SeenSegment>& segments_;
  std::vector<WireConnection> connections_;
  std::map<AddressesOfPair, std::vector<size_t>> by_pair_;
};

// Counted from the SYN of its sender in the same connection.
void NumberSegments(const std::vector<WireConnection>& connections, SeenSegments* segments) {
  for (const WireConnection& connection : connections) {
    std::map<SocketAddress, uint32_t> initial;
    for (const auto& [host, indices] : connection.segments) {
      for (const size_t i : indices) {
        const Segment& segment = (*segments)[i].segment;
        if (segment.flags.syn) {
          initial.try_emplace(segment.source, segment.seg_seq);
        }
      }
    }
    for (const auto& [host, indices] : connection.segments) {
      for (const size_t i : indices) {
        const Segment& segment = (*segments)[i].segment;
        if (const auto first = initial.find(segment.source); first != initial.end()) {
          (*segments)[i].relative_seq = segment.seg_seq - first->second;
        }
      }
    }
  }
}

}  // namespace

AddressesOfPair PairOf(const Segment& segment) {
  return std::minmax(segment.source, segment.destination);
}

std::vector<WireConnection> FindConnections(SeenSegments* segments) {
  std::vector<WireConnection> connections = ConnectionSplitter(*segments).Split();
  NumberSegments(connections, segments);
  return connections;
}

}  // namespace lastack

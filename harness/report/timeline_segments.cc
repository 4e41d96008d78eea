#include "report/timeline_segments.h"

#include <map>
#include <optional>
#include <string>
#include <utility>

namespace lastack {
namespace {

// (host, packet) → the state that this packet led to at that host's endpoint.
using StatesByPacket = std::map<std::pair<std::string, int64_t>, std::string>;

StatesByPacket CollectStates(const Reconstruction& what) {
  StatesByPacket states;
  for (const EndpointTrace& trace : what.endpoints) {
    for (const WireState& wire : trace.wire) {
      // On lo both endpoints share one packet; the ends are told apart by their addresses there.
      std::string& text = states[{trace.host, wire.packet}];
      text += (text.empty() ? "" : ", ") + std::string(ToString(wire.state));
    }
  }
  return states;
}

std::string StateAt(const StatesByPacket& states, const std::string& host, int64_t packet) {
  const auto found = states.find({host, packet});
  return found == states.end() ? "" : found->second;
}

// Which step ran at a time.
class StepClock {
 public:
  explicit StepClock(const std::vector<Event>& events) {
    for (const auto& [event, started] : Select<StepStarted>(events)) {
      step_from_[event->t_ns] = started->step;
    }
  }
  [[nodiscard]] int At(int64_t t_ns) const {
    const auto after = step_from_.upper_bound(t_ns);
    return after == step_from_.begin() ? kBeforeFirstStep : std::prev(after)->second;
  }

 private:
  std::map<int64_t, int> step_from_;
};

// Each segment once, from its sender's capture with its arrival from the receiver's.
class SegmentPairing {
 public:
  SegmentPairing(const Scenario& scenario, const Evidence& evidence, const Reconstruction& what)
      : scenario_(scenario), what_(what), steps_(evidence.events), states_(CollectStates(what)) {
    for (size_t c = 0; c < what.connections.size(); ++c) {
      for (const auto& [host, indices] : what.connections[c].segments) {
        for (const size_t i : indices) {
          connection_of_[i] = static_cast<int>(c);
          const SeenSegment& seen = what.segments[i];
          if (seen.relative_seq) {
            initial_[{static_cast<int>(c), seen.segment.source}] =
                seen.segment.seg_seq - *seen.relative_seq;
          }
        }
      }
    }
  }

  std::vector<TimelineEntry> Pair() {
    std::vector<TimelineEntry> entries;
    std::multimap<SegmentIdentity, size_t> waiting;  // sent, not yet received
    for (size_t i = 0; i < what_.segments.size(); ++i) {
      const SeenSegment& seen = what_.segments[i];
      if (seen.sent) {
        if (!seen.loopback && !seen.lost) {
          waiting.emplace(IdentityOf(seen.segment), entries.size());
        }
        entries.push_back(Sent(i));
        entries.back().retransmitted = WasSentBefore(i);
      }
    }
    for (size_t i = 0; i < what_.segments.size(); ++i) {
      const SeenSegment& seen = what_.segments[i];
      if (seen.sent) {
        continue;
      }
      const auto sender =
          seen.injected ? waiting.end()
                        : waiting.lower_bound(IdentityOf(seen.segment));  // the first of equals
      if (sender != waiting.end() && sender->first == IdentityOf(seen.segment)) {
        Receive(seen, &entries[sender->second]);
        waiting.erase(sender);
      } else {
        TimelineEntry entry = Sent(i);
        entry.host = OtherHost(scenario_, seen.host);
        entry.sent_packet = 0;
        entry.sender_state.clear();
        Receive(seen, &entry);
        entries.push_back(entry);
      }
    }
    return entries;
  }

 private:
  [[nodiscard]] TimelineEntry Sent(size_t index) const {
    const SeenSegment& seen = what_.segments[index];
    const Flags& flags = seen.segment.flags;
    TimelineEntry entry{.kind = TimelineEntry::Kind::kSegment,
                        .t_ns = seen.t_ns,
                        .host = seen.host,
                        .text = ToString(flags),
                        .step = steps_.At(seen.t_ns),
                        .sent_packet = seen.packet,
                        .bytes = seen.segment.seg_len,
                        .pure = !flags.syn && !flags.fin && !flags.rst,
                        .sender_state = StateAt(states_, seen.host, seen.packet),
                        .lost = seen.lost,
                        .injected = seen.injected,
                        .reason = seen.reason};
    if (const auto found = connection_of_.find(index); found != connection_of_.end()) {
      entry.connection = found->second;
      const auto& connection = what_.connections[static_cast<size_t>(entry.connection)];
      entry.from_initiator = seen.segment.source == connection.initiator;
    }
    entry.seq = seen.segment.seg_seq - InitialOf(entry.connection, seen.segment.source);
    entry.ack = seen.segment.seg_ack - InitialOf(entry.connection, seen.segment.destination);
    entry.has_ack = flags.ack;
    entry.window = seen.segment.seg_wnd;
    if (seen.loopback) {
      entry.received_packet = seen.packet;
      entry.received_ns = seen.t_ns;
    }
    return entry;
  }

  void Receive(const SeenSegment& seen, TimelineEntry* entry) const {
    entry->received_packet = seen.packet;
    entry->received_ns = seen.t_ns;
    entry->receiver_state = StateAt(states_, seen.host, seen.packet);
  }

  // Where a connection's numbers of this end begin; 0 where its SYN was not captured.
  [[nodiscard]] uint32_t InitialOf(int connection, const SocketAddress& sender) const {
    const auto found = initial_.find({connection, sender});
    return found == initial_.end() ? 0 : found->second;
  }

  // Does everything in this segment lie before what its sender has sent already?
  bool WasSentBefore(size_t index) {
    const Segment& segment = what_.segments[index].segment;
    const uint32_t length = SequenceLength(segment);
    const auto connection = connection_of_.find(index);
    if (length == 0 || connection == connection_of_.end()) {
      return false;
    }
    const uint32_t end = segment.seg_seq + length;
    const auto [sent, first] = sent_until_.try_emplace({connection->second, segment.source}, end);
    const bool before = !first && SeqLessEqual(end, sent->second);
    sent->second = before ? sent->second : end;
    return before;
  }

  const Scenario& scenario_;
  const Reconstruction& what_;
  StepClock steps_;
  StatesByPacket states_;
  std::map<size_t, int> connection_of_;
  std::map<std::pair<int, SocketAddress>, uint32_t> initial_;
  std::map<std::pair<int, SocketAddress>, uint32_t> sent_until_;
};

}  // namespace

std::vector<TimelineEntry> PairSegments(const Scenario& scenario,
                                        const Evidence& evidence,
                                        const Reconstruction& what) {
  return SegmentPairing(scenario, evidence, what).Pair();
}

}  // namespace lastack

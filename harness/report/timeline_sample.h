// Timelines that the tests of the drawings share.
#pragma once

#include <string>

#include "report/timeline.h"

namespace lastack::timeline_sample {

constexpr int64_t kMs = 1'000'000;

// One connection between a client, which opens it, and a server, without any entry.
inline Timeline Empty() {
  Timeline timeline;
  timeline.ends = {{"client", "client 10.77.0.1:1"}, {"server", "server 10.77.0.2:2"}};
  timeline.connections.resize(1);
  timeline.connections[0].ends[0] = {"client", "client", "10.77.0.1:1", {}};
  timeline.connections[0].ends[1] = {"server", "server", "10.77.0.2:2", {}};
  timeline.steps = {{"server: listen", 4}, {"client: close", 7}};
  return timeline;
}

// A segment that takes 1 ms; its packet numbers are the number of entries so far.
inline TimelineEntry& AddSegment(Timeline* timeline,
                                 const std::string& from,
                                 const std::string& flags,
                                 int64_t t_ns) {
  const auto packet = static_cast<int64_t>(timeline->entries.size()) + 1;
  timeline->entries.push_back({.kind = TimelineEntry::Kind::kSegment,
                               .t_ns = t_ns,
                               .host = from,
                               .text = flags,
                               .sent_packet = packet,
                               .received_packet = packet,
                               .received_ns = t_ns + kMs,
                               .pure = flags == "ACK" || flags == "PSH,ACK",
                               .connection = 0,
                               .from_initiator = from == "client",
                               .endpoints = {}});
  return timeline->entries.back();
}

inline void AddCall(Timeline* timeline,
                    const std::string& host,
                    const std::string& text,
                    int64_t t_ns) {
  timeline->entries.push_back({.kind = TimelineEntry::Kind::kCall,
                               .t_ns = t_ns,
                               .host = host,
                               .text = text,
                               .step = 1,
                               .endpoints = {host}});
}

// The segment that was added last led to this state at that end of the connection.
inline TimelineState& AddState(Timeline* timeline,
                               size_t end,
                               const std::string& state,
                               const std::string& cause) {
  const TimelineEntry& last = timeline->entries.back();
  const bool sender = (end == 0) == last.from_initiator;
  auto& states = timeline->connections[0].ends[end].states;
  states.push_back({.state = state,
                    .t_ns = sender ? last.t_ns : last.received_ns,
                    .packet = sender ? last.sent_packet : last.received_packet,
                    .cause = cause});
  return states.back();
}

inline TimelineState& AddKernelState(Timeline* timeline,
                                     size_t end,
                                     const std::string& state,
                                     int64_t t_ns) {
  auto& states = timeline->connections[0].ends[end].states;
  states.push_back({.state = state, .t_ns = t_ns, .kernel = true, .cause = {}, .event = 9});
  return states.back();
}

// The client closes first: FIN, ACK, FIN, ACK, 10 ms apart.
inline Timeline NormalClose() {
  Timeline timeline = Empty();
  AddSegment(&timeline, "client", "SYN", 0);
  AddState(&timeline, 0, "SYN-SENT", "sent SYN");
  AddSegment(&timeline, "server", "SYN,ACK", 1 * kMs);
  AddState(&timeline, 1, "SYN-RECEIVED", "sent SYN,ACK");
  AddState(&timeline, 0, "ESTABLISHED", "received SYN,ACK");
  AddSegment(&timeline, "client", "ACK", 2 * kMs);
  AddState(&timeline, 1, "ESTABLISHED", "received ACK of SYN");
  AddCall(&timeline, "client", "close → ok", 9 * kMs);
  AddSegment(&timeline, "client", "FIN,ACK", 10 * kMs);
  AddState(&timeline, 0, "FIN-WAIT-1", "sent FIN");
  AddState(&timeline, 1, "CLOSE-WAIT", "received FIN");
  AddSegment(&timeline, "server", "ACK", 20 * kMs);
  AddState(&timeline, 0, "FIN-WAIT-2", "received ACK of FIN");
  AddSegment(&timeline, "server", "FIN,ACK", 30 * kMs);
  AddState(&timeline, 1, "LAST-ACK", "sent FIN");
  AddState(&timeline, 0, "TIME-WAIT", "received FIN");
  AddSegment(&timeline, "client", "ACK", 40 * kMs);
  AddState(&timeline, 1, "CLOSED", "received ACK of FIN");
  return timeline;
}

}  // namespace lastack::timeline_sample

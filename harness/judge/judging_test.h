// Test helpers: scenarios and reconstructions written down by hand.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "judge/reconstruct.h"
#include "scenario/model.h"

namespace lastack::judging {

inline constexpr int64_t kMs = 1'000'000;

// Two hosts, client and server, with a connection that has their names.
inline Scenario TwoHosts() {
  Scenario scenario;
  scenario.hosts = {{.name = "server"}, {.name = "client"}};
  scenario.peers = {{.name = "server", .host = "server"}, {.name = "client", .host = "client"}};
  scenario.endpoints = {{.name = "client", .peer = "client", .host = "client"},
                        {.name = "server", .peer = "server", .host = "server"}};
  return scenario;
}

inline const SocketAddress kClient{"10.77.0.1", 40000};
inline const SocketAddress kServer{"10.77.0.2", 8080};

// An endpoint whose wire states follow one another a millisecond apart.
inline EndpointTrace Trace(const std::string& name,
                           const std::vector<State>& wire,
                           const std::vector<std::pair<int, State>>& kernel) {
  EndpointTrace trace{.host = name, .connection = 0};
  trace.endpoint = {.name = name,
                    .local = name == "client" ? kClient : kServer,
                    .remote = name == "client" ? kServer : kClient};
  int64_t t_ns = 0;
  for (const State state : wire) {
    t_ns += kMs;
    trace.wire.push_back({state, t_ns, static_cast<int64_t>(trace.wire.size()) + 1, "test"});
  }
  for (const auto& [step, state] : kernel) {
    t_ns += kMs;
    trace.kernel.push_back(
        {.state = state, .t0_ns = t_ns, .t1_ns = t_ns, .step = step, .event = 1});
  }
  return trace;
}

// A socket whose transitions follow one another a millisecond apart, as the wire's in Trace.
inline KernelLife Life(const std::vector<State>& states) {
  KernelLife life;
  for (const State state : states) {
    const auto number = static_cast<int64_t>(life.transitions.size()) + 1;
    life.transitions.push_back({.to = state, .t_ns = number * kMs, .event = number});
  }
  return life;
}

inline SeenSegment Sent(const std::string& from, Flags flags, uint32_t seq, uint32_t ack) {
  SeenSegment seen{.host = from, .sent = true};
  seen.segment.source = from == "client" ? kClient : kServer;
  seen.segment.destination = from == "client" ? kServer : kClient;
  seen.segment.flags = flags;
  seen.segment.seg_seq = seq;
  seen.segment.seg_ack = ack;
  return seen;
}

// The same segment in the other end's capture.
inline SeenSegment Received(SeenSegment seen) {
  seen.host = seen.host == "client" ? "server" : "client";
  seen.sent = false;
  return seen;
}

// One connection that all these segments belong to, in this order.
inline Reconstruction WithSegments(std::vector<SeenSegment> segments) {
  Reconstruction what;
  WireConnection connection{.initiator = kClient, .responder = kServer};
  for (size_t i = 0; i < segments.size(); ++i) {
    segments[i].packet = static_cast<int64_t>(i) + 1;
    segments[i].t_ns = static_cast<int64_t>(i) * kMs;
    connection.segments[segments[i].host].push_back(i);
  }
  what.segments = std::move(segments);
  what.connections.push_back(connection);
  return what;
}

}  // namespace lastack::judging

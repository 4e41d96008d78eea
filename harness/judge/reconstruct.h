// What happened, put together from raw evidence: whose segments these are, and which states each
// endpoint went through according to the wire and to the kernel.
//
// Times are CLOCK_MONOTONIC; captures are converted with the offsets that the hosts reported.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "record/evidence.h"
#include "scenario/model.h"
#include "tcp/connection.h"
#include "tcp/segment.h"

namespace lastack {

// A TCP segment in one host's capture.
struct SeenSegment {
  std::string host;
  int64_t packet = 0;  // its number in that host's capture, from 1, as Wireshark shows it
  int64_t t_ns = 0;
  bool sent = false;  // by this host; on lo, where each segment is captured once, always true
  bool loopback = false;
  Segment segment;
};

// One connection on the wire, from its SYN on. A reused pair of addresses is another one.
struct WireConnection {
  SocketAddress initiator;
  SocketAddress responder;
  uint32_t initial_sequence = 0;
  int64_t begin_ns = 0;
  std::map<std::string, std::vector<size_t>>
      segments;  // host → indices into Reconstruction::segments
};

struct WireState {
  State state = State::kClosed;
  int64_t t_ns = 0;
  int64_t packet = 0;
  std::string cause;
};

struct KernelState {
  State state = State::kClosed;
  SampleKind kind = SampleKind::kNone;
  int64_t t0_ns = 0;
  int64_t t1_ns = 0;
  int step = 0;
  int64_t event = 0;
};

// One endpoint that the scenario names and that came to be.
struct EndpointTrace {
  Endpoint endpoint;
  std::string peer;
  std::string host;
  int64_t born_ns = 0;  // when the call that made it returned
  int64_t call_ns = 0;  // when it was called
  bool active = false;  // made by connect
  int connection = -1;  // index into Reconstruction::connections; -1: none seen
  std::vector<WireState> wire;
  std::vector<KernelState> kernel;
};

struct Reconstruction {
  std::vector<SeenSegment> segments;  // ordered by time
  std::vector<WireConnection> connections;
  std::vector<EndpointTrace> endpoints;
};

[[nodiscard]] Reconstruction Reconstruct(const Scenario& scenario, const Evidence& evidence);

// The latest endpoint of that name; null if none came to be.
[[nodiscard]] const EndpointTrace* FindTrace(const Reconstruction& what, std::string_view name);

// What makes a segment the same one at both ends: addresses, numbers, flags, length.
using SegmentIdentity =
    std::tuple<SocketAddress, SocketAddress, uint32_t, uint32_t, std::string, uint32_t>;
[[nodiscard]] SegmentIdentity IdentityOf(const Segment& segment);

// Whether the segment belongs to the endpoint's connection by its addresses.
[[nodiscard]] bool IsOf(const Endpoint& endpoint, const Segment& segment);

}  // namespace lastack

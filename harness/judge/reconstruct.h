// What happened, put together from raw evidence: whose segments these are, and which states each
// endpoint went through according to the wire and to the kernel.
//
// Times are CLOCK_MONOTONIC; captures are converted with the offsets that the hosts reported.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "judge/kernel_lives.h"
#include "judge/wire_connections.h"
#include "record/evidence.h"
#include "scenario/model.h"
#include "tcp/connection.h"

namespace lastack {

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
  // Of an endpoint whose host vanished or rebooted: when, and in which step. It ends in the state
  // that it had.
  std::optional<int64_t> lost_ns;
  int lost_step = kAfterLastStep;  // otherwise the end of the run
  int connection = -1;             // index into Reconstruction::connections; -1: none seen
  int64_t last_sent_ns = 0;        // the last segment it sent on that connection, other than RST
  std::vector<WireState> wire;
  std::vector<KernelState> kernel;  // samples
  // The whole life of its socket up to the last look at it, where its host was traced.
  std::optional<KernelLife> life;
};

struct Reconstruction {
  std::vector<SeenSegment> segments;  // ordered by time
  std::vector<WireConnection> connections;
  std::vector<EndpointTrace> endpoints;
  std::vector<std::string> untold;  // endpoints of traced hosts whose life was not told to its end
  // Decisions of the relay about segments that their sender's capture does not hold.
  std::vector<int64_t> unseen_decisions;  // ids of events
};

[[nodiscard]] Reconstruction Reconstruct(const Scenario& scenario, const Evidence& evidence);

// The latest endpoint of that name; null if none came to be.
[[nodiscard]] const EndpointTrace* FindTrace(const Reconstruction& what, std::string_view name);

// A state that the kernel told: a transition where the endpoint's life is known, else a sample.
struct ToldState {
  State state = State::kClosed;
  int64_t t_ns = 0;           // of a sample its end
  int step = kAfterLastStep;  // of a sample
  int64_t event = 0;
};
[[nodiscard]] std::vector<ToldState> KernelsWord(const EndpointTrace& trace);

// Whether the segment belongs to the endpoint's connection by its addresses.
[[nodiscard]] bool IsOf(const Endpoint& endpoint, const Segment& segment);

}  // namespace lastack

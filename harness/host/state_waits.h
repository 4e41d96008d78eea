// Requests that wait until sockets are in certain states.
//
// The kernel is asked again and again, at first every 50 µs, then ever more seldom; waiting never
// keeps the host from its other work. Threads: belongs to the agent's thread.
#pragma once

#include <cstdint>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/fd.h"
#include "base/result.h"
#include "base/time.h"
#include "host/output.h"
#include "observe/sock_diag.h"
#include "tcp/endpoint.h"
#include "tcp/state.h"

namespace lastack {

// Samples between two readings of CLOCK_MONOTONIC.
struct Sampling {
  int64_t t0_ns = 0;
  int64_t t1_ns = 0;
  std::vector<StateSample> samples;
};

[[nodiscard]] Result<Sampling> SampleNow(SockDiag* diag, const std::vector<Endpoint>& sockets);
// As the answers to `sample` and `await_states` have it.
[[nodiscard]] nlohmann::json SamplingToJson(const Sampling& sampling);

struct StateWait {
  int64_t id = 0;
  std::vector<Endpoint> sockets;
  std::vector<std::vector<State>> states;  // for each socket, any of which will do
  Duration within{};
};

class StateWaits {
 public:
  [[nodiscard]] static Result<StateWaits> Create(SockDiag* diag, Output* output);

  // Answers the request when all sockets are in such a state at the same sampling, or when its time
  // is up.
  void Add(StateWait wait);

  // Readable when Tick is due.
  [[nodiscard]] int fd() const { return timer_.get(); }
  void Tick();

 private:
  struct Pending {
    StateWait wait;
    int64_t started_ns = 0;
    int64_t due_ns = 0;  // of the next sampling
    Duration pause{};
  };

  StateWaits(SockDiag* diag, Output* output) : diag_(diag), output_(output) {}
  // Samples once; true when the request has been answered.
  [[nodiscard]] bool Try(Pending* pending);
  void Arm();

  SockDiag* diag_;
  Output* output_;
  Fd timer_;
  std::vector<Pending> pending_;
};

}  // namespace lastack

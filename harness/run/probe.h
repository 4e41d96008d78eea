// A named probe of the machine: by how much a thread that asked to be woken was woken too late.
//
// Threads: one probe thread for the whole process; Begin and End from the main thread, the rest
// from any.
#pragma once

#include "base/time.h"
#include "run/context.h"

namespace lastack {

// Beyond this, a time that a scenario found too long says nothing about TCP.
constexpr Duration kOvershootMargin = std::chrono::milliseconds(10);

// Runs the probe thread as long as it lives.
class OvershootProbe {
 public:
  OvershootProbe();
  ~OvershootProbe();
  OvershootProbe(const OvershootProbe&) = delete;
  OvershootProbe& operator=(const OvershootProbe&) = delete;
  OvershootProbe(OvershootProbe&&) = delete;
  OvershootProbe& operator=(OvershootProbe&&) = delete;

  // The largest overshoot seen in a window of CLOCK_MONOTONIC; zero without a probe thread.
  [[nodiscard]] static Duration Largest(int64_t from_ns, int64_t to_ns);
};

// Puts the probe's reading for the present step into the record where it exceeds the margin.
void RecordProbes(RunContext* run);

}  // namespace lastack

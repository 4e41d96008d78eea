// When the machine stood still: what a probe says of the time that a step took.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "record/event.h"

namespace lastack {

struct Stall {
  int64_t from_ns = 0;  // the probe's value lies somewhere between these
  int64_t to_ns = 0;
  const ProbeRead* probe = nullptr;
};

// Those above their margins, in the order of the steps.
[[nodiscard]] std::vector<Stall> Stalls(const std::vector<Event>& events);

// "wake-up overshoot of 602.4 ms in this step (margin 10.0 ms)".
[[nodiscard]] std::string Describe(const ProbeRead& probe);

}  // namespace lastack

// The kernel witness as the runner asks it: samples of endpoints' states, at once or when they are
// reached.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "run/context.h"
#include "scenario/model.h"

namespace lastack {

// One sample of each named endpoint into the record (of those that have come to be).
[[nodiscard]] Status SampleStates(RunContext* run, const std::vector<std::string>& endpoints);

// Waits until all are in their states at the same moment, and records the samples that show it;
// false when the time is up, and then `saw` says what was there instead.
[[nodiscard]] Result<bool> AwaitStates(RunContext* run,
                                       const WaitState& states,
                                       Duration within,
                                       std::string* saw);

// Watches for a time that all stay in their states; false as soon as a sample differs.
[[nodiscard]] Result<bool> HoldStates(RunContext* run,
                                      const WaitState& states,
                                      Duration duration,
                                      std::string* saw);

}  // namespace lastack

// Each segment of a run once: from its sender's capture, with its arrival from the receiver's.
#pragma once

#include <vector>

#include "judge/reconstruct.h"
#include "report/timeline.h"

namespace lastack {

// Times are CLOCK_MONOTONIC; not in the order of time.
[[nodiscard]] std::vector<TimelineEntry> PairSegments(const Scenario& scenario,
                                                      const Evidence& evidence,
                                                      const Reconstruction& what);

}  // namespace lastack

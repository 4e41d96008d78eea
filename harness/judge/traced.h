// Joins what the kernel's tracepoints told to the endpoints and the segments of a run.
#pragma once

#include "judge/reconstruct.h"
#include "record/evidence.h"

namespace lastack {

// How far apart the witnesses may see one thing: a thread that holds the socket can be preempted
// between the segment's tap and the change of state (or the other way round) for some scheduler
// slices.
inline constexpr Duration kWitnessLag = std::chrono::milliseconds(50);

// Gives each endpoint of a host that was traced without a gap its life, up to the last sample of
// it, and each RST its reason. A life is left out and named in `untold` if the samples contradict
// it and programs were kept from running, or if they saw its end and the tracepoints did not say so
// in time.
void AddTraced(const Evidence& evidence, Reconstruction* what);

}  // namespace lastack

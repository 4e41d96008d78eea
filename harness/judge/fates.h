// What the relay did with the segments of a run: which were lost on the way and which it made
// itself.
#pragma once

#include <cstdint>
#include <vector>

#include "judge/seen_segment.h"
#include "record/evidence.h"

namespace lastack {

// Marks, in the hosts' captures, sent segments that the relay dropped, cut or never let go, and
// received ones that it made. Returns the ids of the decisions about segments that their sender's
// capture does not hold; none for a host that vanished, whose capture ended before it did.
[[nodiscard]] std::vector<int64_t> MarkFates(const Evidence& evidence,
                                             std::vector<SeenSegments>* captures);

}  // namespace lastack

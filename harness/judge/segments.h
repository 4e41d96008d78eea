// The segments that a scenario lists against those that were sent.
#pragma once

#include <vector>

#include "judge/finding.h"
#include "judge/reconstruct.h"
#include "scenario/model.h"

namespace lastack {

// Findings where the FIN, RST and late SYN segments sent (and pure ACKs where listed) are not the
// listed ones in this order. A SYN or FIN that is only sent once more, because the machine stood
// still while its ACK was due, is INCONCLUSIVE.
[[nodiscard]] std::vector<Finding> CheckSegments(const Scenario& scenario,
                                                 const Evidence& evidence,
                                                 const Reconstruction& what);

// Whether a segment is what a MATCH asks for; `endpoint` is the one that `match.connection` names,
// null if it names none.
[[nodiscard]] bool Matches(const SegmentMatch& match,
                           const SeenSegment& seen,
                           const Endpoint* endpoint);

// "client FIN,ACK seq=… ack=… len=0".
[[nodiscard]] std::string Describe(const std::string& from, const Segment& segment);

}  // namespace lastack

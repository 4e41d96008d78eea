// Each end's capture against the other's.
#pragma once

#include <vector>

#include "judge/finding.h"
#include "judge/reconstruct.h"
#include "scenario/model.h"

namespace lastack {

// Findings where one end's capture holds a SYN, FIN or RST that the other end's does not, and the
// relay does not account for it; and where the relay stopped a segment that nobody sent.
[[nodiscard]] std::vector<Finding> CheckBothEnds(const Scenario& scenario,
                                                 const Evidence& evidence,
                                                 const Reconstruction& what);

}  // namespace lastack

// State sequences: what the wire and the kernel saw of each endpoint against the sequence that the
// scenario expects.
#pragma once

#include <vector>

#include "judge/finding.h"
#include "judge/reconstruct.h"
#include "scenario/model.h"

namespace lastack {

// Findings where an expected sequence does not hold: a witness saw a state that does not fit in
// order, a state was seen by no witness, or the endpoint is not in the last state of the sequence
// when the last step is done.
[[nodiscard]] std::vector<Finding> CheckStates(const Scenario& scenario,
                                               const Reconstruction& what);

// The endpoints that one entry of `expect` is about.
[[nodiscard]] std::vector<std::string> EndpointsOf(const Scenario& scenario,
                                                   const std::string& name_or_glob);

}  // namespace lastack

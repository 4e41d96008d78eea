// Agreement of the witnesses: what the kernel says of an endpoint against what its segments show,
// sample by sample and, where the kernel was traced, transition by transition.
#pragma once

#include <vector>

#include "judge/finding.h"
#include "judge/reconstruct.h"
#include "record/evidence.h"
#include "scenario/model.h"

namespace lastack {

// Whether the kernel may truly be in `kernel` while the segments show `wire`. close() queues its
// FIN behind data (RFC 9293 3.10.4: "in any case, enter FIN-WAIT-1 state"), so until the FIN is on
// the wire the wire lags behind by that step; timers and ICMP errors end any state without a
// segment.
[[nodiscard]] bool Explains(State wire, State kernel);

// Findings where the kernel's sample of an endpoint contradicts what the wire shows at that time:
// neither equal nor explained by what no segment shows (a FIN that waits behind data, a timer).
[[nodiscard]] std::vector<Finding> CheckSamples(const Scenario& scenario,
                                                const Evidence& evidence,
                                                const Reconstruction& what);

// Findings where the life of an endpoint in the kernel and its states on the wire cannot be laid
// upon one another: each transition of one has its counterpart in the other, at the same time, save
// for what no segment causes.
[[nodiscard]] std::vector<Finding> CheckLives(const Scenario& scenario,
                                              const Evidence& evidence,
                                              const Reconstruction& what);

}  // namespace lastack

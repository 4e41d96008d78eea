// The life of an endpoint in the kernel as a sequence of states, against the one that a scenario
// expects.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "judge/finding.h"
#include "judge/reconstruct.h"
#include "scenario/model.h"

namespace lastack {

// Listening and the handshake.
[[nodiscard]] bool IsOpening(State state);

[[nodiscard]] inline State StateOf(const WireState& wire) {
  return wire.state;
}
[[nodiscard]] inline State StateOf(const KernelTransition& kernel) {
  return kernel.to;
}

// Whether the transition at `index` is a FIN-WAIT-2 that one segment leads into and out of again:
// it acknowledges the FIN and carries the other (RFC 9293 3.10.7.4, which looks at the ACK before
// the FIN). The wire shows FIN-WAIT-1, then TIME-WAIT.
[[nodiscard]] bool PassesThrough(const std::vector<KernelTransition>& life, size_t index);

// A finding where the life is not the expected sequence, state by state. A passive endpoint's
// SYN-RECEIVED need not be there: it is a request's, not yet a socket's.
[[nodiscard]] std::optional<Finding> CheckSequence(const ExpectedStates& expected,
                                                   const std::string& endpoint,
                                                   const KernelLife& life);

}  // namespace lastack

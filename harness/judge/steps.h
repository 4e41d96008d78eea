// Step by step: whether each step did what the scenario says, from the raw events.
#pragma once

#include <optional>
#include <vector>

#include "judge/app.h"
#include "judge/finding.h"
#include "judge/reconstruct.h"
#include "record/evidence.h"
#include "scenario/model.h"

namespace lastack {

struct StepsChecked {
  std::vector<Finding> findings;  // in the order of the steps
  bool all_done = false;          // every step was run to its end as expected
};

[[nodiscard]] StepsChecked CheckSteps(const Scenario& scenario,
                                      const Evidence& evidence,
                                      const Reconstruction& what);

// How a call ended according to the events; nothing if it has not ended.
[[nodiscard]] std::optional<CallEnd> EndOfCall(const std::vector<Event>& events, int step);

}  // namespace lastack

// Whether a wait got what it waited for, according to the raw events.
#pragma once

#include <vector>

#include "judge/finding.h"
#include "judge/reconstruct.h"
#include "judge/step_events.h"
#include "record/evidence.h"
#include "scenario/model.h"

namespace lastack {

// What a step's check has to go on.
struct StepRecord {
  const Scenario& scenario;
  const Evidence& evidence;
  const Reconstruction& what;
  EventsByStep* events = nullptr;
  int number = 0;  // of the step
};

[[nodiscard]] std::vector<Finding> CheckWait(const StepRecord& record, const WaitStep& wait);

// The nth segment that the MATCH asks for, in its receiver's capture; null if there is none (yet).
[[nodiscard]] const SeenSegment* FindSegment(const Scenario& scenario,
                                             const Reconstruction& what,
                                             const SegmentMatch& match);

}  // namespace lastack

// The judge: a scenario and the evidence of one run of it, to a verdict with findings.
#pragma once

#include "judge/finding.h"
#include "judge/reconstruct.h"
#include "record/evidence.h"
#include "scenario/model.h"

namespace lastack {

// Pure: no input or output, no clock; the same evidence gives the same judgement.
[[nodiscard]] Judgement Judge(const Scenario& scenario, const Evidence& evidence);

}  // namespace lastack

// Carries out the steps of a scenario, one after the other.
//
// Errors: what the harness itself could not do. That a TCP endpoint behaves otherwise than expected
// is no Error: the step then returns false, and the judge says why.
#pragma once

#include "base/result.h"
#include "run/context.h"

namespace lastack {

// Captures on; counters and clocks read.
[[nodiscard]] Status BeginRun(RunContext* run);

// Whether the step did what it should, so that the next one may start. Its events are in the record
// either way.
[[nodiscard]] Result<bool> ExecuteStep(RunContext* run, int step);

// After the last step: if all went as expected, waits up to 1 s for listed segments and final
// states and samples them; closes the captures.
[[nodiscard]] Status EndRun(RunContext* run, bool as_expected);

}  // namespace lastack

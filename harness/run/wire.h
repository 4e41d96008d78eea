// What a run says to its relay: rules, where the run has got to, and what the `wire` steps ask for.
//
// On the direct link all of it does nothing.
#pragma once

#include "base/result.h"
#include "run/context.h"

namespace lastack {

// The link's delay, and the rules that are in force from the start.
[[nodiscard]] Status BeginWire(RunContext* run);

// Before a step: that it begins, and the addresses that the endpoints named by rules have got.
[[nodiscard]] Status TellWire(RunContext* run, int step);

[[nodiscard]] Result<bool> DoWire(RunContext* run, const WireStep& step);

// The relay loses every frame from now on, or passes them again.
[[nodiscard]] Status CutWire(RunContext* run);
[[nodiscard]] Status MendWire(RunContext* run);
// The relay's interface to a host that was started again.
[[nodiscard]] Status AttachToWire(RunContext* run,
                                  const std::string& host,
                                  const std::string& interface);

// The relay's account of the run. Its decisions are then all in the record.
[[nodiscard]] Status EndWire(RunContext* run);

}  // namespace lastack

// Carries out the rebind steps: each is one request to a host, which may go on while later steps
// are done.
#pragma once

#include <string>

#include "base/result.h"
#include "run/context.h"

namespace lastack {

// Whether it ended as expected; true at once if it is async.
[[nodiscard]] Result<bool> DoRebind(RunContext* run, const RebindStep& rebind);

// The end of an async one. `saw` says what was there instead.
[[nodiscard]] Result<bool> AwaitRebind(RunContext* run,
                                       const std::string& name,
                                       Duration within,
                                       std::string* saw);

// Those that nothing has waited for.
[[nodiscard]] Status FinishRebinds(RunContext* run);

}  // namespace lastack

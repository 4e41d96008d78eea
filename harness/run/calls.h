// Peers and their calls as the runner makes them: spawns at first use, starts a call, waits for its
// end.
#pragma once

#include <string>

#include "base/result.h"
#include "run/context.h"
#include "scenario/model.h"

namespace lastack {

// Asks every host for its own peer (the one of its name) without waiting for it; EnsurePeer does.
[[nodiscard]] Status SpawnOwnPeers(RunContext* run);

// Spawns the peer if it is not there yet, and waits until it has said hello.
[[nodiscard]] Status EnsurePeer(RunContext* run, const std::string& name);

// Starts the call of the present step; without `async` waits for its end, too. False: it did not
// end as expected.
[[nodiscard]] Result<bool> DoCall(RunContext* run, const CallStep& call);

// Waits for the end of an async call. False: it has not returned in time, or not as expected.
[[nodiscard]] Result<bool> AwaitCall(RunContext* run,
                                     const std::string& name,
                                     Duration within,
                                     std::string* saw);

}  // namespace lastack

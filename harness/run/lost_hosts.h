// Hosts that end in the middle of a run: one that vanishes, one that comes back without its state.
#pragma once

#include <string>

#include "base/result.h"
#include "run/context.h"

namespace lastack {

// Cuts the link first, so that nothing of its end is on it. Its capture is closed, and the states
// that its endpoints had are sampled, before it is ended with all its peers.
[[nodiscard]] Status LoseHost(RunContext* run, const std::string& host);

// After LoseHost: a new host with the same addresses and settings, captured into the same file;
// then the link is mended.
[[nodiscard]] Status StartHostAgain(RunContext* run, const std::string& host);

}  // namespace lastack

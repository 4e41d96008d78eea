// One death and what follows it, until a client is served again.
//
// From the signal on, the measuring thread spins: it makes the calls of the successor, looks
// whether the dead process can be reaped, and drives a client of its own; it sleeps nowhere.
#pragma once

#include "base/result.h"
#include "rebind/cell.h"
#include "rebind/ground.h"

namespace lastack {

// Ends the ground's server as its cell says, and measures. Where the sample is back, the ground's
// server is afterwards the one that serves.
[[nodiscard]] Result<Sample> MeasureComeback(Ground* ground);

}  // namespace lastack

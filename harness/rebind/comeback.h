// One death and what follows it, until a client is served again.
//
// From the signal on, the measuring thread spins: it makes the calls of the successor, looks
// whether the dead process can be reaped, and drives a client of its own; it sleeps nowhere.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "rebind/cell.h"
#include "rebind/ground.h"

namespace lastack {

// Ends the ground's server as its cell says, and measures. Where the sample is back, the ground's
// server is afterwards the one that serves.
[[nodiscard]] Result<Sample> MeasureComeback(Ground* ground);

// The same calls where nothing dies, on a free port: from the first of them to the first octet, in
// nanoseconds. What a comeback costs at least.
[[nodiscard]] Result<int64_t> MeasureWithoutDeath(const MeasuringHosts& hosts, uint16_t port);

// How long each round of the spin takes while another process has the port, in nanoseconds: the
// resolution.
[[nodiscard]] Result<std::vector<int64_t>> MeasurePeriods(const MeasuringHosts& hosts,
                                                          uint16_t port,
                                                          int rounds);

}  // namespace lastack

// What the measurement itself costs.
//
// As measure.h in everything else.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "rebind/hosts.h"

namespace lastack {

struct NullRun {
  std::vector<int64_t> period_ns;    // of an attempt that fails
  std::vector<int64_t> answered_ns;  // from the first call to the first octet, where nothing dies
  std::map<std::string, std::string> sysctl;  // of the server's host
};
[[nodiscard]] Result<NullRun> MeasureNullRun(Listening listening);

// The same calls where nothing dies, on a free port: from the first of them to the first octet, in
// nanoseconds. What a comeback costs at least.
[[nodiscard]] Result<int64_t> MeasureWithoutDeath(const MeasuringHosts& hosts, uint16_t port);

// How long each round of the spin takes while another process has the port, in nanoseconds: the
// resolution.
[[nodiscard]] Result<std::vector<int64_t>> MeasurePeriods(const MeasuringHosts& hosts,
                                                          uint16_t port,
                                                          int rounds);

}  // namespace lastack

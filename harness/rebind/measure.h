// Measuring one row: hosts, populations, samples.
//
// Threads: the process may have no other thread, because it forks. Errors: kPermission and
// kUnsupported as testbed/link.h; kSystem with what could not be done.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "rebind/cell.h"

namespace lastack {

// `program` is lastack-rebind. A population is used for several samples where a comeback leaves it
// as it was; otherwise each sample has a port and a population of its own. Stops after the second
// sample where the first two are not back.
[[nodiscard]] Result<CellResult> MeasureCell(const Cell& cell, const std::string& program);

// What the measurement itself costs.
struct NullRun {
  std::vector<int64_t> period_ns;    // of an attempt that fails
  std::vector<int64_t> answered_ns;  // from the first call to the first octet, where nothing dies
  std::map<std::string, std::string> sysctl;  // of the server's host
};
[[nodiscard]] Result<NullRun> MeasureNullRun(Listening listening);

}  // namespace lastack

// Measuring one row: hosts, populations, samples.
//
// Threads: the process may have no other thread, because it forks. Errors: kPermission and
// kUnsupported as testbed/link.h; kSystem with what could not be done.
#pragma once

#include <string>

#include "base/result.h"
#include "rebind/cell.h"

namespace lastack {

// `program` is lastack-rebind. A population is used for several samples where a comeback leaves it
// as it was; otherwise each sample has a port and a population of its own. Stops after the second
// sample where the first two are not back.
[[nodiscard]] Result<CellResult> MeasureCell(const Cell& cell, const std::string& program);

}  // namespace lastack

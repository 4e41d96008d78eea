// The report as a picture: the restart time over the number of connections, and how the samples of
// each strategy are distributed.
//
// Pure.
#pragma once

#include <string>

#include "rebind/report.h"

namespace lastack {

// An SVG document that needs nothing else.
[[nodiscard]] std::string RebindPlot(const RebindReport& report);

}  // namespace lastack

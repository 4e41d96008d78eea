// The captures of a run: one per host, of all its interfaces.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "run/context.h"

namespace lastack {

// The hosts that have not gone.
[[nodiscard]] std::vector<std::string> HostsThere(const RunContext& run);

[[nodiscard]] Status StartCaptures(RunContext* run, const std::vector<std::string>& hosts);
// All that was captured is then in the record.
[[nodiscard]] Status StopCaptures(RunContext* run, const std::vector<std::string>& hosts);

}  // namespace lastack

// The kernel witness of one run: which namespaces it follows, and what it saw of them.
#pragma once

#include <string>

#include "base/result.h"
#include "run/context.h"

namespace lastack {

// Follows the host's namespace from now on. Does nothing where the run has no trace.
[[nodiscard]] Status TraceHost(RunContext* run, const std::string& host);
// All that was traced at the host is then in the record; it is followed no longer.
void EndTraceOf(RunContext* run, const std::string& host);

// The hosts of a new testbed, and what cannot be seen of them on this machine.
[[nodiscard]] Status BeginTrace(RunContext* run);
void EndTrace(RunContext* run);

}  // namespace lastack

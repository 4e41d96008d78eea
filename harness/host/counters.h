// The kernel's TCP counters of this network namespace.
//
// Sources: proc_pid_net(5); /proc/self/net/netstat (the rows TcpExt) and /proc/self/net/snmp (the
// rows Tcp).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lastack {

using Counters = std::map<std::string, int64_t>;

// Adds the counters of the rows called `Tcp` and `TcpExt` in a text as the two files have it: pairs
// of lines, first the names, then the values.
void ParseCounters(std::string_view text, Counters* counters);

// The values of these counters now. kScenario, with the nearest name as hint, for one that the
// kernel does not have.
[[nodiscard]] Result<Counters> ReadCounters(const std::vector<std::string>& names);

}  // namespace lastack

// Kernel parameters of a host: the defaults every host starts with, and what a scenario sets on
// top.
//
// /proc/sys/net is resolved by the network namespace of the calling thread; a NetworkVisit that is
// away is required as the proof that nothing here can reach the machine's own parameters. Source:
// Documentation/networking/ip-sysctl.rst.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "testbed/netns.h"

namespace lastack {

using Sysctls = std::vector<std::pair<std::string, std::string>>;  // "net.ipv4.tcp_sack" → "1"

// What every host gets before its interfaces are made. Only what would let the machine's own
// configuration or neighbour discovery leak into the experiment: TCP itself keeps the kernel's
// defaults.
[[nodiscard]] const Sysctls& DefaultSysctls();

// What both hosts get on a link that loses nothing, and the record of the run holds: the least
// retransmission time-out is 0.5 s, so that a machine that stands still for 200 ms adds no segment.
// Not more, because the kernel keeps an orphaned FIN-WAIT-2 for at least 3.5 time-outs
// (net/ipv4/tcp.c, tcp_fin_time()).
[[nodiscard]] const Sysctls& LosslessLinkSysctls();

// The file below /proc/sys, or kScenario for a name that is not of the form net.a.b (others are not
// per network namespace, so setting them would change the machine).
[[nodiscard]] Result<std::string> SysctlPath(const std::string& name);

// What to do with a name that this kernel does not have.
enum class Unknown { kLeaveOut, kRefuse };

// Writes in order and returns what the kernel made of each, blanks between numbers normalised.
// Errors: kScenario for a name with a slip of the pen, one that is machine-wide or read-only, or a
// value that is refused; kUnsupported for a name this kernel does not know in a network namespace,
// where that is to be refused.
[[nodiscard]] Result<std::map<std::string, std::string>> ApplySysctls(const NetworkVisit& inside,
                                                                      const Sysctls& sysctls,
                                                                      Unknown unknown);

}  // namespace lastack

// What there is on the port of a server: its listeners with their options and holders, its
// connections, and what is left of them after its death.
//
// Looks through sock_diag in the server's network and through /proc. Errors: kSystem for what the
// kernel refuses; options that may not be read are no error but stand in the result.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "observe/port_sockets.h"
#include "restart/facts.h"
#include "restart/processes.h"

namespace lastack {

// The listeners on the port, and which of these processes hold them.
[[nodiscard]] std::vector<ListenerSeen> InspectListeners(
    const std::vector<PortSocket>& sockets, const std::vector<OuterProcess>& processes);

// The options of the connections that the processes have accepted; of at most a thousand.
[[nodiscard]] AcceptedSeen InspectAccepted(const std::vector<PortSocket>& sockets,
                                           const std::vector<OuterProcess>& processes);

// The connections on the port by state; listeners and requests do not count.
[[nodiscard]] std::vector<Left> GroupByState(const std::vector<PortSocket>& sockets);

// Connections that nobody has accepted yet: in the accept queue, or before it (TCP_DEFER_ACCEPT).
[[nodiscard]] int CountWaiting(const std::vector<PortSocket>& sockets);

}  // namespace lastack

// SOCK_DESTROY of everything a server has left on its port.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace lastack {

// Ends every TCP socket of the calling thread's network with this local port that is not in LISTEN,
// and returns how many there were. Errors: kPermission without CAP_NET_ADMIN, kUnsupported without
// CONFIG_INET_DIAG_DESTROY. Source: sock_diag(7).
[[nodiscard]] Result<int64_t> DestroyLeftOn(uint16_t port, int domain);

}  // namespace lastack

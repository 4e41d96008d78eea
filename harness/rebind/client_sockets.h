// What every client of a measurement begins with.
#pragma once

#include <sys/socket.h>

#include "base/socket_address.h"
#include "rebind/hosts.h"

namespace lastack {

// An address as the kernel takes it.
struct RawAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  [[nodiscard]] const sockaddr* get() const {
    return static_cast<const sockaddr*>(static_cast<const void*>(&storage));
  }
};

[[nodiscard]] RawAddress ToRaw(const SocketAddress& address, int domain);

// close() resets the connection: nothing is left at either end.
void ResetAtClose(int fd);

// Moves the calling process into the client's network for good.
[[nodiscard]] bool EnterClientNetwork(const MeasuringHosts& hosts);

[[nodiscard]] bool BecomesReady(int fd, short events, int within_ms);

}  // namespace lastack

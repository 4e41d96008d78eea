// One TCP socket as evidence and protocols identify it: its name in the scenario, its addresses,
// its cookie.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/family.h"
#include "base/socket_address.h"

namespace lastack {

struct Endpoint {
  std::string name;
  Family family = Family::kV4;
  SocketAddress local;
  std::optional<SocketAddress> remote;  // nothing: not connected
  uint64_t cookie = 0;                  // SO_COOKIE; 0: unknown

  bool operator==(const Endpoint&) const = default;
};

}  // namespace lastack

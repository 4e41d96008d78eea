// An IP address with a port, as text for people and JSON and as sockaddr for the kernel.
#pragma once

#include <sys/socket.h>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

namespace lastack {

struct SocketAddress {
  std::string
      address;        // "10.77.0.1", "fd77::1", "::ffff:10.77.0.1"; numeric, as inet_ntop prints it
  uint16_t port = 0;  // host byte order

  auto operator<=>(const SocketAddress&) const = default;  // NOLINT(modernize-use-nullptr)
};

// "10.77.0.1:8080", "[fd77::1]:8080".
[[nodiscard]] std::string ToString(const SocketAddress& address);

// The IPv4 address behind an IPv4-mapped one ("::ffff:10.77.0.1" → "10.77.0.1"), which is what
// stands on the wire; any other address unchanged.
[[nodiscard]] SocketAddress Unmapped(const SocketAddress& address);

// Fills a sockaddr. `family` is AF_INET or AF_INET6; an IPv4 address for AF_INET6 becomes mapped.
// Returns its length, or nothing if the address is not one of that family.
[[nodiscard]] std::optional<socklen_t> ToSockaddr(const SocketAddress& address,
                                                  int family,
                                                  sockaddr_storage* out);
[[nodiscard]] SocketAddress FromSockaddr(const sockaddr_storage& address);

}  // namespace lastack

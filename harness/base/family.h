// The address family of a socket, as scenarios and both protocols name it.
#pragma once

#include <sys/socket.h>

#include <optional>
#include <string_view>

namespace lastack {

enum class Family { kV4, kV6, kMapped };  // kMapped: an AF_INET6 socket that carries IPv4

[[nodiscard]] constexpr std::string_view ToString(Family family) {
  switch (family) {
    case Family::kV4:
      return "v4";
    case Family::kV6:
      return "v6";
    case Family::kMapped:
      return "mapped";
  }
  return "";
}

[[nodiscard]] constexpr std::optional<Family> FamilyFromString(std::string_view name) {
  for (const Family family : {Family::kV4, Family::kV6, Family::kMapped}) {
    if (ToString(family) == name) {
      return family;
    }
  }
  return std::nullopt;
}

// AF_INET or AF_INET6.
[[nodiscard]] constexpr int SocketDomain(Family family) {
  return family == Family::kV4 ? AF_INET : AF_INET6;
}

}  // namespace lastack

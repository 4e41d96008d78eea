// The address table: roles of the two hosts.
#include "testbed/addresses.h"

#include <algorithm>

#include <fmt/format.h>

namespace lastack {
namespace {

std::string OfFamily(std::string_view role, bool v6, int host_index) {
  const int number = host_index + 1;
  if (role == "own") {
    return v6 ? fmt::format("fd77::{}", number) : fmt::format("10.77.0.{}", number);
  }
  if (role == "own2") {
    return v6 ? fmt::format("fd77::1{}", number) : fmt::format("10.77.0.1{}", number);
  }
  if (role == "any") {
    return v6 ? "::" : "0.0.0.0";
  }
  return v6 ? "::1" : "127.0.0.1";
}

bool HasHost(const Scenario& scenario, std::string_view name) {
  return std::any_of(scenario.hosts.begin(), scenario.hosts.end(), [name](const HostSpec& host) {
    return host.name == name;
  });
}

}  // namespace

std::map<std::string, std::string> RoleAddresses(int host_index, Family family) {
  std::map<std::string, std::string> addresses;
  for (const std::string role : {"own", "own2", "any", "loopback"}) {
    // An AF_INET6 socket that takes IPv4 from everywhere is bound to "::".
    const bool v6 = family == Family::kV6 || (family == Family::kMapped && role == "any");
    addresses[role] = OfFamily(role, v6, host_index);
    addresses[role + "4"] = OfFamily(role, false, host_index);
    addresses[role + "6"] = OfFamily(role, true, host_index);
  }
  return addresses;
}

int HostIndex(const Scenario& scenario, std::string_view host) {
  if (HasHost(scenario, "client") && HasHost(scenario, "server")) {
    return host == "server" ? 1 : 0;
  }
  return scenario.hosts.size() > 1 && scenario.hosts[1].name == host ? 1 : 0;
}

MacAddress HostMac(int host_index) {
  return {0x02, 0x77, 0x00, 0x00, 0x00, static_cast<uint8_t>(host_index + 1)};
}

}  // namespace lastack

// The fixed addresses of a run's two hosts: which role has which address, and which host is which.
//
// Both hosts live in one subnet per family: 10.77.0.0/24 and fd77::/64. Host 0 is .1 (second
// address .11), host 1 is .2 (.12). Pure; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/family.h"
#include "base/mac_address.h"
#include "scenario/model.h"

namespace lastack {

inline constexpr int kPrefixLength4 = 24;
inline constexpr int kPrefixLength6 = 64;
inline constexpr std::string_view kSubnet4 = "10.77.0.0";
inline constexpr std::string_view kSubnet6 = "fd77::";

// Every role of AddressNames() → address. A role without suffix is an address of the run's family;
// for kMapped `own`, `own2` and `loopback` are the IPv4 addresses (an AF_INET6 socket writes them
// as ::ffff:a.b.c.d) and `any` is "::". `host_index` is 0 or 1.
[[nodiscard]] std::map<std::string, std::string> RoleAddresses(int host_index, Family family);

// 0 or 1: a host named `client` is 0, one named `server` is 1, so that a trace reads the same way
// whatever the order in the scenario; other names count in the order of the scenario. 0 for a name
// the scenario does not have.
[[nodiscard]] int HostIndex(const Scenario& scenario, std::string_view host);

// The Ethernet address of a host's eth0: 02:77:00:00:00:01 or :02 (locally administered).
[[nodiscard]] MacAddress HostMac(int host_index);

}  // namespace lastack

// What one host's network consists of, as netlink messages: lo, addresses, routes, neighbours.
// Pure.
#pragma once

#include <string>
#include <vector>

#include "testbed/netlink_batch.h"

namespace lastack {

struct HostNetwork {
  int host_index = 0;  // 0 or 1
  bool v6 = true;      // the machine has IPv6
  bool quickack = true;
};

// The index of eth0 on a host; they differ, see NetlinkBatch::CreateVeth.
[[nodiscard]] int LinkIndex(int host_index);

// Everything but the link itself, which must exist, and what SetLocalRoute6 does.
void SetUpHost(const HostNetwork& host, NetlinkBatch* batch);

// The `own` addresses, with their local routes. After a removal the route of the subnet stays, so
// `own2` works on.
void AddOwnAddresses(const HostNetwork& host, NetlinkBatch* batch);
void RemoveOwnAddresses(const HostNetwork& host, NetlinkBatch* batch);

// Gives the local route of an own IPv6 address quickack, where the host is to have it. The kernel's
// own route must be there (NetlinkSocket::IsLocal), because the kernel would add it beside this
// one.
void SetLocalRoute6(const HostNetwork& host, const std::string& address, NetlinkBatch* batch);

// The host's IPv6 addresses on eth0; none without IPv6.
[[nodiscard]] std::vector<std::string> Addresses6(const HostNetwork& host);

}  // namespace lastack

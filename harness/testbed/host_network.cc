// The netlink messages that make a host's network.
#include "testbed/host_network.h"

namespace lastack {
namespace {

using Roles = std::map<std::string, std::string>;

Roles RolesOf(int host_index) {
  return RoleAddresses(host_index, Family::kV4);
}

// The kernel has made this route for the address already; it is set again to carry the metric.
void SetLocalRoute4(const std::string& address, int link, NetlinkBatch* batch) {
  batch->SetRoute({.destination = address,
                   .prefix_length = 32,
                   .link = link,
                   .local = true,
                   .quickack = true,
                   .source = address});
}

Route LocalRoute6(const std::string& address, int link) {
  return {.destination = address,
          .prefix_length = 128,
          .link = link,
          .local = true,
          .quickack = true,
          .source = {}};
}

// The kernel's own route has priority 0, which nobody else can give or replace, so it has to go
// first.
void ReplaceLocalRoute6(const std::string& address, int link, NetlinkBatch* batch) {
  const Route route = LocalRoute6(address, link);
  batch->DeleteRoute(route);
  batch->SetRoute(route);
}

void SetUpLocalhost(const HostNetwork& host, NetlinkBatch* batch) {
  batch->SetUpLoopback();
  if (!host.quickack) {
    return;
  }
  SetLocalRoute4("127.0.0.1", kLoopbackIndex, batch);
  if (host.v6) {
    ReplaceLocalRoute6("::1", kLoopbackIndex, batch);
  }
}

void AddAddress4(const HostNetwork& host,
                 const std::string& address,
                 int prefix_length,
                 NetlinkBatch* batch) {
  const int link = LinkIndex(host.host_index);
  batch->AddAddress(link, address, prefix_length);
  if (host.quickack) {
    SetLocalRoute4(address, link, batch);
  }
}

// `source`: which IPv4 address is chosen where a program binds none; empty: any.
void SetSubnetRoute4(const HostNetwork& host, std::string source, NetlinkBatch* batch) {
  batch->SetRoute({.destination = std::string(kSubnet4),
                   .prefix_length = kPrefixLength4,
                   .link = LinkIndex(host.host_index),
                   .local = false,
                   .quickack = host.quickack,
                   .source = std::move(source)});
}

void SetSubnetRoute6(const HostNetwork& host, NetlinkBatch* batch) {
  batch->SetRoute({.destination = std::string(kSubnet6),
                   .prefix_length = kPrefixLength6,
                   .link = LinkIndex(host.host_index),
                   .local = false,
                   .quickack = host.quickack,
                   .source = {}});
}

void AddNeighbours(const HostNetwork& host, NetlinkBatch* batch) {
  const int other = 1 - host.host_index;
  const Roles roles = RolesOf(other);
  for (const char* role : {"own4", "own24"}) {
    batch->AddNeighbour(LinkIndex(host.host_index), roles.at(role), HostMac(other));
  }
  if (host.v6) {
    for (const char* role : {"own6", "own26"}) {
      batch->AddNeighbour(LinkIndex(host.host_index), roles.at(role), HostMac(other));
    }
  }
}

}  // namespace

// 1 is lo.
int LinkIndex(int host_index) {
  return 2 + host_index;
}

void SetUpHost(const HostNetwork& host, NetlinkBatch* batch) {
  const Roles roles = RolesOf(host.host_index);
  SetUpLocalhost(host, batch);
  // In the prefix of `own`, IPv4's `own2` would be secondary and removed together with it. Where a
  // program binds none, the IPv4 source is that of the route, the IPv6 source the address that was
  // added last.
  AddAddress4(host, roles.at("own24"), 32, batch);
  if (host.v6) {
    batch->AddAddress(LinkIndex(host.host_index), roles.at("own26"), kPrefixLength6);
  }
  AddOwnAddresses(host, batch);
  if (host.v6) {
    SetSubnetRoute6(host, batch);
  }
  AddNeighbours(host, batch);
}

void AddOwnAddresses(const HostNetwork& host, NetlinkBatch* batch) {
  const Roles roles = RolesOf(host.host_index);
  AddAddress4(host, roles.at("own4"), kPrefixLength4, batch);
  SetSubnetRoute4(host, roles.at("own4"), batch);
  if (host.v6) {
    batch->AddAddress(LinkIndex(host.host_index), roles.at("own6"), kPrefixLength6);
  }
}

void RemoveOwnAddresses(const HostNetwork& host, NetlinkBatch* batch) {
  const Roles roles = RolesOf(host.host_index);
  batch->DeleteAddress(LinkIndex(host.host_index), roles.at("own4"), kPrefixLength4);
  SetSubnetRoute4(host, {}, batch);  // the kernel has removed the one whose source is gone
  if (host.v6) {
    const std::string& own6 = roles.at("own6");
    batch->DeleteAddress(LinkIndex(host.host_index), own6, kPrefixLength6);
    if (host.quickack) {
      batch->DeleteRoute(LocalRoute6(own6, LinkIndex(host.host_index)));  // ours, not the kernel's
    }
  }
}

void SetLocalRoute6(const HostNetwork& host, const std::string& address, NetlinkBatch* batch) {
  if (host.quickack) {
    ReplaceLocalRoute6(address, LinkIndex(host.host_index), batch);
  }
}

std::vector<std::string> Addresses6(const HostNetwork& host) {
  if (!host.v6) {
    return {};
  }
  const Roles roles = RolesOf(host.host_index);
  return {roles.at("own6"), roles.at("own26")};
}

}  // namespace lastack

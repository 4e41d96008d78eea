// Making the namespaces of a testbed and the links between them.
#include "testbed/link.h"

#include <linux/netlink.h>
#include <poll.h>
#include <unistd.h>

#include <functional>

#include <fmt/format.h>

#include "base/time.h"
#include "testbed/addresses.h"
#include "testbed/sysctl.h"

namespace lastack {
namespace {

constexpr Duration kReadyWithin = std::chrono::seconds(5);  // usually below a millisecond

// Asks until the answer is yes. Questions are cheap and answers come within a millisecond, so it
// asks often.
Status WaitUntil(const std::string& what, const std::function<Result<bool>()>& question) {
  const Deadline deadline(kReadyWithin);
  while (!deadline.Expired()) {
    const Result<bool> answer = question();
    if (!answer) {
      return Fail(answer.error());
    }
    if (*answer) {
      return {};
    }
    const timespec pause{.tv_sec = 0, .tv_nsec = 50'000};
    ppoll(nullptr, 0, &pause, nullptr);
  }
  return Fail(ErrorKind::kSystem, fmt::format("{} within {}", what, FormatDuration(kReadyWithin)));
}

VethEnd HostEnd(const Network& network) {
  const int index = network.layout.host_index;
  return {.index = LinkIndex(index), .mac = HostMac(index)};
}

Status WaitUntilUp(NetlinkSocket* netlink, int link) {
  return WaitUntil("the link between the hosts did not come up",
                   [netlink, link] { return netlink->CarriesFrames(link); });
}

bool HasIpv6() {
  return access("/proc/sys/net/ipv6", F_OK) == 0;
}

}  // namespace

Result<Network> MakeNetwork(const Scenario& scenario, const HostSpec& spec, NetworkVisit* visit) {
  Result<Fd> descriptor = visit->EnterNew();
  if (!descriptor) {
    return Fail(descriptor.error());
  }
  if (auto defaults = ApplySysctls(*visit, DefaultSysctls(), Unknown::kLeaveOut); !defaults) {
    return Fail(defaults.error());
  }
  Result<NetlinkSocket> netlink = NetlinkSocket::Open(NETLINK_ROUTE);
  if (!netlink) {
    return Fail(netlink.error());
  }
  return Network{.descriptor = std::move(*descriptor),
                 .netlink = std::move(*netlink),
                 .layout = {.host_index = HostIndex(scenario, spec.name),
                            .v6 = HasIpv6(),
                            .quickack = !spec.delayed_ack}};
}

Result<RelayNetwork> MakeRelayNetwork(NetworkVisit* visit) {
  Result<Fd> descriptor = visit->EnterNew();
  if (!descriptor) {
    return Fail(descriptor.error());
  }
  // It forwards frames and says nothing of its own.
  const Sysctls silent = {{"net.ipv6.conf.default.disable_ipv6", "1"}};
  if (const auto applied = ApplySysctls(*visit, silent, Unknown::kLeaveOut); !applied) {
    return Fail(applied.error());
  }
  Result<NetlinkSocket> netlink = NetlinkSocket::Open(NETLINK_ROUTE);
  if (!netlink) {
    return Fail(netlink.error());
  }
  return RelayNetwork{.descriptor = std::move(*descriptor), .netlink = std::move(*netlink)};
}

Status JoinDirectly(Network* here, Network* there) {
  NetlinkBatch batch;
  batch.CreateVeth(HostEnd(*here), HostEnd(*there), there->descriptor.get());
  SetUpHost(here->layout, &batch);
  if (Status made = here->netlink.Send(batch); !made) {
    return made;
  }
  NetlinkBatch other;
  other.SetUpLink(LinkIndex(there->layout.host_index));
  SetUpHost(there->layout, &other);
  if (Status made = there->netlink.Send(other); !made) {
    return made;
  }
  if (Status off = DisableChecksumOffload(here->netlink.fd(), "eth0"); !off) {
    return off;
  }
  return DisableChecksumOffload(there->netlink.fd(), "eth0");
}

Result<std::string> JoinToRelay(Network* host, RelayNetwork* relay) {
  constexpr int kFirstIndex = 10;  // not that of a host's end, see NetlinkBatch::CreateVeth
  const int number = relay->links++;
  const VethEnd far{.index = kFirstIndex + number,
                    .mac = {0x02, 0x77, 0x00, 0x00, 0x01, static_cast<uint8_t>(number)},
                    .name = fmt::format("wire{}", number)};
  NetlinkBatch batch;
  batch.CreateVeth(HostEnd(*host), far, relay->descriptor.get());
  SetUpHost(host->layout, &batch);
  if (Status made = host->netlink.Send(batch); !made) {
    return Fail(made.error());
  }
  NetlinkBatch other;
  other.SetUpLink(far.index);
  if (Status made = relay->netlink.Send(other); !made) {
    return Fail(made.error());
  }
  if (Status off = DisableChecksumOffload(host->netlink.fd(), "eth0"); !off) {
    return Fail(off.error());
  }
  if (Status up = WaitUntilUp(&relay->netlink, far.index); !up) {
    return Fail(up.error());
  }
  return far.name;
}

Status WaitForLink(Network* network) {
  return WaitUntilUp(&network->netlink, LinkIndex(network->layout.host_index));
}

Status WaitForAddresses(Network* network, const std::vector<std::string>& addresses) {
  NetlinkBatch batch;
  for (const std::string& address : addresses) {
    Status local = WaitUntil(fmt::format("address {} did not become local", address),
                             [&] { return network->netlink.IsLocal(address); });
    if (!local) {
      return local;
    }
    SetLocalRoute6(network->layout, address, &batch);
  }
  return network->netlink.Send(batch);
}

}  // namespace lastack

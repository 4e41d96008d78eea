// The namespaces of a testbed and the two kinds of link: `direct`, a veth pair between the hosts,
// and `wire`, one veth pair from each host to a third namespace, where a relay forwards frames.
//
// Errors: what rtnetlink answers (rtnetlink.h); a link or an address that is not ready within 5 s.
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "scenario/model.h"
#include "testbed/host_network.h"
#include "testbed/netns.h"
#include "testbed/rtnetlink.h"

namespace lastack {

// The namespace of a host, and what configures it from anywhere.
struct Network {
  Fd descriptor;
  NetlinkSocket netlink;
  HostNetwork layout;
};

// The namespace of the relay.
struct RelayNetwork {
  Fd descriptor;
  NetlinkSocket netlink;
  int links = 0;  // made so far
};

// Both leave the visit inside the new namespace.
[[nodiscard]] Result<Network> MakeNetwork(const Scenario& scenario,
                                          const HostSpec& spec,
                                          NetworkVisit* visit);
[[nodiscard]] Result<RelayNetwork> MakeRelayNetwork(NetworkVisit* visit);

// The link, and each host's own configuration.
[[nodiscard]] Status JoinDirectly(Network* here, Network* there);
// The same for one host; returns the name of the interface at the relay, whose end carries frames.
[[nodiscard]] Result<std::string> JoinToRelay(Network* host, RelayNetwork* relay);

// Until the kernel's link watch has started the queues of a new link, frames are dropped silently.
[[nodiscard]] Status WaitForLink(Network* network);
// Until what is sent to these IPv6 addresses is taken; then gives them their local routes.
[[nodiscard]] Status WaitForAddresses(Network* network, const std::vector<std::string>& addresses);

}  // namespace lastack

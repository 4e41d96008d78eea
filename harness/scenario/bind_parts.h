// What the files that bind a scenario share: the state of the walk, and readers of references.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "scenario/endpoints.h"
#include "scenario/model.h"
#include "scenario/node.h"
#include "scenario/value.h"

namespace lastack {

// Steps are bound in order; what one makes, later ones may name.
struct Binding {
  Problems& problems;
  Scenario& scenario;
  Endpoints endpoints;
  std::vector<std::string> async_calls;
};

// hosts and peers; before any step.
void BindHosts(const Node& root, Scenario& scenario, Problems& problems);

[[nodiscard]] Step BindStep(Binding& binding, const Node& node);
// `PEER: call`; `entry` is the whole.
[[nodiscard]] CallStep BindCall(Binding& binding, const Entry& entry, const Place& place);
// What a bound call does to the endpoints.
void ApplyCall(Binding& binding, const CallStep& step, const Place& place);
[[nodiscard]] RebindStep BindRebind(Binding& binding, const Node& node, const Place& place);
[[nodiscard]] WaitStep BindWait(Binding& binding, const Node& node);

// `expect`; after the last step.
void BindExpect(Binding& binding, const Node& node);

// Names that must exist. A problem otherwise.
[[nodiscard]] std::string ReadHost(Binding& binding, const Node& node);
[[nodiscard]] std::string ReadPeer(Binding& binding, const Node& node);
// One endpoint that has been made, whoever holds it.
[[nodiscard]] std::string ReadEndpoint(Binding& binding, const Node& node);

[[nodiscard]] std::vector<std::string> HostNames(const Scenario& scenario);
[[nodiscard]] std::vector<std::string> PeerNames(const Scenario& scenario);
[[nodiscard]] std::string OtherHost(const Scenario& scenario, const std::string& host);
// Of a socket for an address of this name: own6 is v6 whatever the run's family is.
[[nodiscard]] Family FamilyOfAddress(std::string_view address, Family run);

constexpr uint16_t kDefaultPort = 8080;

// The keys `address` and `port` of a mapping.
[[nodiscard]] Destination ReadAddressAndPort(const MapReader& reader,
                                             const std::string& host,
                                             Destination otherwise,
                                             Problems& problems);

// "SYN,ACK", or a list of flags.
[[nodiscard]] std::string ReadFlags(const Node& node, Problems& problems);

}  // namespace lastack

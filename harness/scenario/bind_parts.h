// What the files that bind a scenario share: the state of the walk, and readers of references.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "scenario/endpoints.h"
#include "scenario/model.h"
#include "scenario/node.h"
#include "scenario/value.h"

namespace lastack {

// A rule of the wire, at the top or added by a step.
struct KnownRule {
  std::string name;
  Place place;
  std::optional<Place> removed;  // by this step
};

// An endpoint that a rule at the top names: no step has made it yet.
struct LaterName {
  std::string name;
  Place place;
};

// Steps are bound in order; what one makes, later ones may name.
struct Binding {
  Problems& problems;
  Scenario& scenario;
  Endpoints endpoints;
  std::vector<std::string> async_calls{};
  std::vector<KnownRule> rules{};
  std::vector<LaterName> later_names{};
  int64_t step_count = 0;
  int64_t step_number = 0;  // of the step that is bound, from 1; 0 before the first
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
[[nodiscard]] WireStep BindWireStep(Binding& binding, const Node& node);

// `link`, and the rules of `wire` at the top; before any step. `whole` is the scenario.
void BindLink(Binding& binding, const MapReader& whole);
// `NAME: RULE`; from here on the name is known.
[[nodiscard]] WireRule BindRule(Binding& binding, const Entry& entry);
// What the rules at the top name has been made; after the last step.
void CheckLaterNames(Binding& binding);
// A MATCH. The connection it names has been made, or will be if no step has been bound.
[[nodiscard]] SegmentMatch BindMatch(Binding& binding, const Node& node);

// `expect`; after the last step.
void BindExpect(Binding& binding, const Node& node);

// Names that must exist. A problem otherwise.
[[nodiscard]] std::string ReadHost(Binding& binding, const Node& node);
[[nodiscard]] std::string ReadPeer(Binding& binding, const Node& node);
// One endpoint that has been made, whoever holds it.
[[nodiscard]] std::string ReadEndpoint(Binding& binding, const Node& node);
// The key `async`: a name that no other call has.
[[nodiscard]] std::string ReadAsync(Binding& binding, const Node& node);

[[nodiscard]] std::vector<std::string> HostNames(const Scenario& scenario);
[[nodiscard]] std::vector<std::string> PeerNames(const Scenario& scenario);
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

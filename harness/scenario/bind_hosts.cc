// Binds hosts and peers, and reads references to them.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/strings.h"
#include "scenario/bind_parts.h"
#include "scenario/sysctl_names.h"

namespace lastack {
namespace {

void BindSysctl(const Node& node, HostSpec* host, Problems& problems) {
  if (!node.IsMap()) {
    problems.Add(node.place, "'sysctl' is a mapping of names to values");
  }
  const auto& known = SysctlNames();
  for (const Entry& entry : node.entries) {
    if (std::find(known.begin(), known.end(), entry.key) == known.end()) {
      problems.Add(entry.place, Unknown("sysctl", entry.key, known));
    }
    const std::string value = ReadText(entry.value, problems);
    if (value.empty()) {
      problems.Add(entry.value.place, fmt::format("sysctl '{}' needs a value", entry.key));
    }
    host->sysctl.emplace_back(entry.key, value);
  }
}

// A step would be meant. `what`: a host has a peer of its own name.
void CheckIsNoStep(std::string_view what, const Entry& entry, Problems& problems) {
  CheckName(entry.key, entry.place, problems);
  const auto& steps = StepNames();
  if (std::find(steps.begin(), steps.end(), entry.key) != steps.end()) {
    problems.Add(entry.place,
                 fmt::format("a {} cannot be named '{}', which is a step", what, entry.key));
  }
}

HostSpec BindHost(const Entry& entry, Problems& problems) {
  HostSpec host;
  host.name = entry.key;
  CheckIsNoStep("host", entry, problems);
  const MapReader reader(problems, entry.value, HostKeys());
  if (const Node* sysctl = reader.Get("sysctl")) {
    BindSysctl(*sysctl, &host, problems);
  }
  if (const Node* delayed_ack = reader.Get("delayed_ack")) {
    host.delayed_ack = ReadBoolean(*delayed_ack, problems);
  }
  if (const Node* user = reader.Get("user")) {
    host.user = ReadText(*user, problems);
  }
  return host;
}

// client and server, whether written or not, unless other names are written.
void BindHostList(const Node& node, Scenario& scenario, Problems& problems) {
  HostSpec client;
  client.name = "client";
  HostSpec server;
  server.name = "server";
  std::vector<HostSpec> defaults{client, server};
  std::vector<HostSpec> written;
  bool all_default = true;
  for (const Entry& entry : node.entries) {
    written.push_back(BindHost(entry, problems));
    const auto found = std::find_if(defaults.begin(), defaults.end(), [&](const HostSpec& host) {
      return host.name == entry.key;
    });
    if (found == defaults.end()) {
      all_default = false;
    } else {
      *found = written.back();
    }
  }
  scenario.hosts = all_default ? defaults : written;
  if (scenario.hosts.size() != 2) {
    problems.Add(node.place,
                 fmt::format("a scenario has two hosts, not {}: {}",
                             scenario.hosts.size(),
                             Join(HostNames(scenario), ", ")));
  }
}

OnTerm ReadOnTerm(const Node& node, Problems& problems) {
  const std::string word =
      ReadWord(node, "value of 'on_term'", {"default", "graceful", "close"}, problems);
  if (word == "graceful") {
    return OnTerm::kGraceful;
  }
  return word == "close" ? OnTerm::kClose : OnTerm::kDefault;
}

void BindPeer(const Entry& entry, Scenario& scenario, Problems& problems) {
  CheckIsNoStep("peer", entry, problems);
  const MapReader reader(problems, entry.value, PeerKeys());
  PeerSpec peer;
  peer.name = entry.key;
  if (FindHost(scenario, entry.key) != nullptr) {
    peer.host = entry.key;
  }
  if (const Node* host = reader.Get("host")) {
    const std::string name = ReadWord(*host, "host", HostNames(scenario), problems);
    if (!peer.host.empty() && peer.host != name) {
      problems.Add(host->place,
                   fmt::format("peer '{}' is the one of host '{}'", entry.key, entry.key));
    }
    peer.host = name;
  }
  if (peer.host.empty()) {
    problems.Add(entry.place, fmt::format("peer '{}' needs the key 'host'", entry.key));
  }
  if (const HostSpec* host = FindHost(scenario, peer.host)) {
    peer.user = host->user;
  }
  if (const Node* user = reader.Get("user")) {
    peer.user = ReadText(*user, problems);
  }
  if (const Node* on_term = reader.Get("on_term")) {
    peer.on_term = ReadOnTerm(*on_term, problems);
  }
  const auto former = std::find_if(scenario.peers.begin(),
                                   scenario.peers.end(),
                                   [&](const auto& p) { return p.name == peer.name; });
  if (former == scenario.peers.end()) {
    scenario.peers.push_back(peer);
  } else {
    *former = peer;
  }
}

}  // namespace

void BindHosts(const Node& root, Scenario& scenario, Problems& problems) {
  const Entry* hosts = root.Find("hosts");
  if (hosts != nullptr && !hosts->value.IsMap()) {
    problems.Add(hosts->value.place, "'hosts' is a mapping of names to settings");
  }
  BindHostList(hosts == nullptr ? Node{} : hosts->value, scenario, problems);
  for (const HostSpec& host : scenario.hosts) {
    PeerSpec peer;
    peer.name = host.name;
    peer.host = host.name;
    peer.user = host.user;
    scenario.peers.push_back(peer);
  }
  if (const Entry* peers = root.Find("peers")) {
    if (!peers->value.IsMap()) {
      problems.Add(peers->value.place, "'peers' is a mapping of names to settings");
    }
    for (const Entry& entry : peers->value.entries) {
      BindPeer(entry, scenario, problems);
    }
  }
}

std::vector<std::string> HostNames(const Scenario& scenario) {
  std::vector<std::string> names;
  for (const HostSpec& host : scenario.hosts) {
    names.push_back(host.name);
  }
  return names;
}

std::vector<std::string> PeerNames(const Scenario& scenario) {
  std::vector<std::string> names;
  for (const PeerSpec& peer : scenario.peers) {
    names.push_back(peer.name);
  }
  return names;
}

std::string ReadHost(Binding& binding, const Node& node) {
  return ReadWord(node, "host", HostNames(binding.scenario), binding.problems);
}

std::string ReadPeer(Binding& binding, const Node& node) {
  return ReadWord(node, "peer", PeerNames(binding.scenario), binding.problems);
}

std::string ReadEndpoint(Binding& binding, const Node& node) {
  const auto names = binding.endpoints.Known(ReadText(node, binding.problems), node.place);
  if (names.size() > 1) {
    binding.problems.Add(node.place, "one endpoint is wanted here, not several");
  }
  return names.empty() ? std::string() : names.front();
}

Family FamilyOfAddress(std::string_view address, Family run) {
  if (address.ends_with('4')) {
    return Family::kV4;
  }
  return address.ends_with('6') ? Family::kV6 : run;
}

Destination ReadAddressAndPort(const MapReader& reader,
                               const std::string& host,
                               Destination otherwise,
                               Problems& problems) {
  constexpr int64_t kMaxPort = 65535;
  Destination destination = std::move(otherwise);
  destination.address.host = host;
  if (const Node* address = reader.Get("address")) {
    destination.address.name = ReadWord(*address, "address", AddressNames(), problems);
  }
  if (const Node* port = reader.Get("port")) {
    destination.port = static_cast<uint16_t>(ReadInteger(*port, {0, kMaxPort}, problems));
  }
  return destination;
}

}  // namespace lastack

// Binds the steps: which kind a step is, and those that are no calls of a peer.
#include <algorithm>

#include <fmt/format.h>

#include "base/strings.h"
#include "scenario/bind_option.h"
#include "scenario/bind_outcome.h"
#include "scenario/bind_parts.h"

namespace lastack {
namespace {

SignalStep BindSignal(Binding& binding, const Node& node, const Place& place) {
  const MapReader reader(binding.problems, node, SignalKeys());
  SignalStep step;
  if (const Node* peer = reader.Get("peer")) {
    step.peer = ReadPeer(binding, *peer);
    binding.endpoints.UsePeer(step.peer, peer->place);
  }
  if (const Node* send = reader.Get("send")) {
    step.signal = ReadWord(*send, "signal", SignalNames(), binding.problems);
  }
  const PeerSpec* peer = FindPeer(binding.scenario, step.peer);
  const bool handled =
      step.signal == "TERM" && peer != nullptr && peer->on_term == OnTerm::kGraceful;
  const bool harmless = step.signal == "STOP" || step.signal == "CONT";
  if (!handled && !harmless) {
    binding.endpoints.EndPeer(step.peer, place);
  }
  return step;
}

// reboot, vanish, {address: remove}, {address: add}
HostAction ReadHostAction(const Node& node, Problems& problems) {
  if (node.IsScalar() && node.text == "reboot") {
    return HostAction::kReboot;
  }
  if (node.IsScalar() && node.text == "vanish") {
    return HostAction::kVanish;
  }
  if (!node.IsMap()) {
    std::vector<std::string> known = HostActionNames();
    known.insert(known.end(), {"{address: remove}", "{address: add}"});
    problems.Add(node.place, Unknown("host action", node.text, known));
    return HostAction::kVanish;
  }
  const MapReader reader(problems, node, HostStepKeys());
  const Node* address = reader.Get("address");
  const std::string word =
      address == nullptr ? ""
                         : ReadWord(*address, "value of 'address'", {"remove", "add"}, problems);
  return word == "add" ? HostAction::kAddAddress : HostAction::kRemoveAddress;
}

HostStep BindHostStep(Binding& binding, const Node& node, const Place& place) {
  HostStep step;
  if (!node.IsMap() || node.entries.size() != 1) {
    binding.problems.Add(node.place,
                         "'host' takes {NAME: reboot}, {NAME: vanish}, {NAME: {address: remove}} "
                         "or {NAME: {address: add}}");
    return step;
  }
  const Entry& entry = node.entries.front();
  step.host = ReadHost(binding, ScalarNode(entry.key, entry.place));
  step.action = ReadHostAction(entry.value, binding.problems);
  binding.endpoints.CheckHostKept(step.host, entry.place);
  if (step.action == HostAction::kReboot || step.action == HostAction::kVanish) {
    binding.endpoints.LoseHost(step.host, step.action, place);
  }
  return step;
}

DestroyStep BindDestroy(Binding& binding, const Node& node) {
  const MapReader reader(binding.problems, node, DestroyKeys());
  DestroyStep step;
  if (const Node* endpoint = reader.Get("endpoint")) {
    step.endpoint = ReadEndpoint(binding, *endpoint);
    binding.endpoints.CheckEndpointKept(step.endpoint, endpoint->place);
  }
  return step;
}

CounterStep BindCounter(Binding& binding, const Node& node) {
  const MapReader reader(binding.problems, node, CounterKeys());
  CounterStep step;
  if (const Node* host = reader.Get("host")) {
    step.host = ReadHost(binding, *host);
    binding.endpoints.CheckHostKept(step.host, host->place);
  }
  for (const Entry* entry : reader.Others()) {
    step.expected[entry->key] = ReadRange(entry->value, binding.problems);
  }
  if (step.expected.empty()) {
    binding.problems.Add(node.place, "'counter' needs a counter, e.g. TCPTimeWaitOverflow: 1");
  }
  return step;
}

// `PEER: call`, which is every step that has no name of its own.
CallStep BindPeerStep(Binding& binding, const Entry& entry, const Place& place) {
  const std::vector<std::string> peers = PeerNames(binding.scenario);
  if (std::find(peers.begin(), peers.end(), entry.key) == peers.end()) {
    std::vector<std::string> known = peers;
    known.insert(known.end(), StepNames().begin(), StepNames().end());
    binding.problems.Add(entry.place, Unknown("peer or step", entry.key, known));
    return {};
  }
  CallStep step = BindCall(binding, entry, place);
  if (!binding.problems.any()) {
    ApplyCall(binding, step, place);
  }
  return step;
}

}  // namespace

Step BindStep(Binding& binding, const Node& node) {
  Step step;
  step.place = node.place;
  step.text = FlowText(node);
  if (!node.IsMap() || node.entries.size() != 1) {
    const bool several = node.entries.size() > 1;
    binding.problems.Add(several ? node.entries[1].place : node.place,
                         several ? "a step is one thing; begin the next one with '- '"
                                 : "a step is PEER: CALL, or one of " + Join(StepNames(), ", "));
    return step;
  }
  const Entry& entry = node.entries.front();
  if (entry.key == "signal") {
    step.what = BindSignal(binding, entry.value, node.place);
  } else if (entry.key == "host") {
    step.what = BindHostStep(binding, entry.value, node.place);
  } else if (entry.key == "destroy") {
    step.what = BindDestroy(binding, entry.value);
  } else if (entry.key == "counter") {
    step.what = BindCounter(binding, entry.value);
  } else if (entry.key == "rebind") {
    step.what = BindRebind(binding, entry.value, node.place);
  } else if (entry.key == "wait") {
    step.what = BindWait(binding, entry.value);
  } else if (entry.key == "wire") {
    step.what = BindWireStep(binding, entry.value);
  } else {
    step.what = BindPeerStep(binding, entry, node.place);
  }
  return step;
}

}  // namespace lastack

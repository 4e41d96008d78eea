// Binds `wait`: what for, and how long.
#include <fmt/format.h>

#include "base/strings.h"
#include "scenario/bind_outcome.h"
#include "scenario/bind_parts.h"

namespace lastack {
namespace {

constexpr Duration kDefaultWithin = std::chrono::seconds(2);

State ReadState(const Node& node, Problems& problems) {
  std::vector<std::string> names;
  for (const State state : AllStates()) {
    names.emplace_back(ToString(state));
  }
  return StateFromString(ReadWord(node, "state", names, problems)).value_or(State::kClosed);
}

WaitState BindWaitState(Binding& binding, const Node& node) {
  WaitState wait;
  if (!node.IsMap() || node.entries.empty()) {
    binding.problems.Add(node.place, "'state' is a mapping of endpoints to states");
  }
  for (const Entry& entry : node.entries) {
    const State state = ReadState(entry.value, binding.problems);
    for (const std::string& name : binding.endpoints.KnownStates(entry.key, entry.place)) {
      binding.endpoints.CheckEndpointKept(name, entry.place);
      wait.states.emplace_back(name, state);
    }
  }
  return wait;
}

WaitCall BindWaitCall(Binding& binding, const Node& node) {
  return {ReadWord(node, "async call", binding.async_calls, binding.problems)};
}

WaitExit BindWaitExit(Binding& binding, const Node& node) {
  WaitExit wait{ReadPeer(binding, node)};
  binding.endpoints.CheckPeerKept(wait.peer, node.place);
  binding.endpoints.EndPeer(wait.peer, node.place);
  return wait;
}

WaitFor BindWaitFor(Binding& binding, const MapReader& reader, const Node& node) {
  WaitFor wait;
  wait.duration = ReadDuration(node, binding.problems);
  if (const Node* holds = reader.Get("holds")) {
    const MapReader held(binding.problems, *holds, HoldsKeys());
    if (const Node* state = held.Get("state")) {
      wait.holds = BindWaitState(binding, *state);
    }
  }
  return wait;
}

// A wait is for one thing.
void CheckOneThing(Binding& binding, const MapReader& reader) {
  const std::string_view found =
      reader.OnlyOne({"state", "segment", "call", "exit", "for"},
                     "'wait' needs one of: state, segment, call, exit, for");
  if (found == "for") {
    reader.Exclude("for", {"within", "took"});
  } else if (const Node* holds = reader.Get("holds")) {
    binding.problems.Add(holds->place, "'holds' goes with 'for'");
  }
}

}  // namespace

WaitStep BindWait(Binding& binding, const Node& node) {
  const MapReader reader(binding.problems, node, WaitKeys());
  CheckOneThing(binding, reader);
  WaitStep step;
  if (const Node* state = reader.Get("state")) {
    step.what = BindWaitState(binding, *state);
  } else if (const Node* segment = reader.Get("segment")) {
    step.what = WaitSegment{BindMatch(binding, *segment)};
  } else if (const Node* call = reader.Get("call")) {
    step.what = BindWaitCall(binding, *call);
  } else if (const Node* exit = reader.Get("exit")) {
    step.what = BindWaitExit(binding, *exit);
  } else if (const Node* duration = reader.Get("for")) {
    step.what = BindWaitFor(binding, reader, *duration);
  }
  if (const Node* took = reader.Get("took")) {
    step.took = ReadDurationRange(*took, binding.problems);
    step.took_place = took->place;
  }
  const Duration longest = step.took ? step.took->max : Duration{};
  step.within = ReadWithin(reader, kDefaultWithin, longest, binding.problems);
  return step;
}

}  // namespace lastack

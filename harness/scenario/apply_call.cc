// What a call does to the endpoints that a scenario has: makes, closes, shares them.
#include <string>
#include <variant>

#include "scenario/bind_parts.h"

namespace lastack {
namespace {

void MakeEndpoints(Binding& binding, const CallStep& step, const Place& place, bool failed) {
  Endpoints::Made made;
  made.peer = step.peer;
  made.family = step.family;
  made.failed = failed;
  made.local = step.local;
  if (step.call == Call::kListen) {
    made.kind = Endpoints::Kind::kListener;
  } else if (step.call == Call::kBind) {
    made.kind = Endpoints::Kind::kBound;
  } else if (step.call == Call::kDup) {
    const EndpointDecl& original = binding.endpoints.Decl(step.on.front());
    made.kind = original.kind;
    made.family = original.family;
    made.local = binding.endpoints.Local(step.on.front());
  }
  for (const std::string& name : step.as) {
    made.name = name;
    binding.endpoints.Make(made, place);
  }
}

void ApplyFork(Binding& binding, const CallStep& step) {
  const PeerSpec parent = *FindPeer(binding.scenario, step.peer);
  PeerSpec child = parent;
  child.name = step.as.front();
  child.forked = true;
  binding.scenario.peers.push_back(child);
  binding.endpoints.Fork(step.peer, child.name);
}

}  // namespace

void ApplyCall(Binding& binding, const CallStep& step, const Place& place) {
  // An async call has not failed yet when the next steps run.
  const bool fails = step.async.empty() && std::holds_alternative<ErrnoIs>(step.expected.outcome);
  switch (step.call) {
    case Call::kConnect:
      if (!step.on.empty()) {
        binding.endpoints.Become(step.on.front(), Endpoints::Kind::kConnection);
      }
      MakeEndpoints(binding, step, place, fails);
      break;
    case Call::kListen:
      if (!step.on.empty() && !fails) {
        binding.endpoints.Become(step.on.front(), Endpoints::Kind::kListener);
      }
      [[fallthrough]];
    case Call::kBind:
    case Call::kAccept:
    case Call::kDup:
      if (!fails) {
        MakeEndpoints(binding, step, place, false);
      }
      break;
    case Call::kClose:
      binding.endpoints.Close(step.on, step.peer, place);
      break;
    case Call::kFork:
      ApplyFork(binding, step);
      break;
    case Call::kPass:
      binding.endpoints.Pass(step.on.front(), step.to_peer, place);
      break;
    case Call::kExit:
      binding.endpoints.EndPeer(step.peer, place);
      break;
    case Call::kPoll:
    case Call::kSend:
    case Call::kRecv:
    case Call::kShutdown:
    case Call::kDisconnect:
    case Call::kSet:
    case Call::kGet:
      break;
  }
}

}  // namespace lastack

#include "run/calls.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "judge/app.h"
#include "judge/steps.h"
#include "run/requests.h"

namespace lastack {
namespace {

using nlohmann::json;

constexpr Duration kSpawnWithin = std::chrono::seconds(10);

std::string OnTermText(OnTerm on_term) {
  switch (on_term) {
    case OnTerm::kDefault:
      return "default";
    case OnTerm::kGraceful:
      return "graceful";
    case OnTerm::kClose:
      return "close";
  }
  return "default";
}

// The address that the kernel chooses where only a port is bound: `any`, `any4` or `any6`.
std::string SourceFor(const std::string& destination, const std::string& any) {
  const std::string suffix = any.substr(std::string_view("any").size());
  return (destination.starts_with("loopback") ? "loopback" : "own") + suffix;
}

// A connection from an explicit port is known before its call returns, so that SYN-SENT can be
// sampled.
void AddIfKnownBefore(RunContext* run, const std::string& host, const CallStep& call) {
  if (call.call != Call::kConnect || !call.local || call.local->port == 0 || !call.remote ||
      call.as.size() != 1) {
    return;
  }
  Destination local = *call.local;
  if (local.address.name.starts_with("any")) {
    local.address.name = SourceFor(call.remote->address.name, local.address.name);
  }
  run->book.Expect(host,
                   {.name = call.as.front(),
                    .family = call.family,
                    .local = Resolve(local, run->testbed),
                    .remote = Resolve(*call.remote, run->testbed),
                    .cookie = 0});
}

// The descriptor goes from peer to host to peer: two calls on the record, of which the receiver's
// counts.
Result<int64_t> StartPass(RunContext* run, const std::string& host, const CallStep& call) {
  const int64_t sent = run->session->RegisterCall(
      {.step = run->step, .peer = call.peer, .text = "send_socket", .on = call.on});
  const int64_t received = run->session->RegisterCall(
      {.step = run->step, .peer = call.to_peer, .text = "receive_socket", .on = call.on});
  json request = CallRequest(call, run->testbed);
  request["id"] = sent;
  const auto forwarded = run->session->Ask(
      host, {{"do", "call"}, {"peer", call.peer}, {"request", std::move(request)}}, call.within);
  if (!forwarded) {
    return Fail(forwarded.error());
  }
  const auto passed = run->session->Ask(
      host,
      {{"do", "pass"},
       {"from", call.peer},
       {"to", call.to_peer},
       {"call", sent},
       {"request", {{"id", received}, {"call", "receive_socket"}, {"as", call.on}}}},
      call.within);
  return passed ? Result<int64_t>(received) : Fail(passed.error());
}

Result<int64_t> Start(RunContext* run, const CallStep& call) {
  if (const Status status = EnsurePeer(run, call.peer); !status) {
    return Fail(status.error());
  }
  const std::string& host = FindPeer(*run->scenario, call.peer)->host;
  if (call.call == Call::kExit) {
    run->session->ExpectExit(call.peer);
  }
  if (call.call == Call::kPass) {
    if (const Status status = EnsurePeer(run, call.to_peer); !status) {
      return Fail(status.error());
    }
    return StartPass(run, host, call);
  }
  AddIfKnownBefore(run, host, call);
  return run->session->StartCall(host,
                                 {.step = run->step,
                                  .peer = call.peer,
                                  .text = run->scenario->steps[static_cast<size_t>(run->step)].text,
                                  .on = call.on.empty() ? call.as : call.on},
                                 CallRequest(call, run->testbed));
}

// `took` is not asked here: the judge does, with the probes at hand.
bool EndedAsExpected(const RunContext& run, const CallStep& call, int step) {
  const auto end = EndOfCall(run.recorder->evidence().events, step);
  return end && !CheckCall(call, *end);
}

// An exit is on the record only when the host has seen it.
bool HasEnded(const RunContext& run, int step) {
  return EndOfCall(run.recorder->evidence().events, step).has_value();
}

Status CheckProtocol(const RunContext& run) {
  if (!run.session->protocol_problem().empty()) {
    return Fail(ErrorKind::kSystem, run.session->protocol_problem());
  }
  return {};
}

constexpr int64_t kSpawned = 0;  // in RunContext::spawns: no request is open any more

// Sends the request if none has been sent.
Status RequestPeer(RunContext* run, const PeerSpec& peer) {
  if (run->spawns.contains(peer.name)) {
    return {};
  }
  json request = {{"do", "spawn"}, {"peer", peer.name}, {"on_term", OnTermText(peer.on_term)}};
  const auto program = run->peer_programs.find(peer.name);
  if (program != run->peer_programs.end()) {
    request["program"] = program->second;
  }
  const HostSpec* host = FindHost(*run->scenario, peer.host);
  const std::string& user = peer.user.empty() && host != nullptr ? host->user : peer.user;
  if (!user.empty()) {
    request["user"] = user;
  }
  const auto id = run->session->Send(peer.host, std::move(request));
  if (!id) {
    return Fail(id.error());
  }
  run->spawns[peer.name] = *id;
  return {};
}

}  // namespace

Status SpawnOwnPeers(RunContext* run) {
  for (const PeerSpec& peer : run->scenario->peers) {
    if (peer.name == peer.host) {
      if (const Status status = RequestPeer(run, peer); !status) {
        return status;
      }
    }
  }
  return {};
}

Status EnsurePeer(RunContext* run, const std::string& name) {
  const PeerSpec* peer = FindPeer(*run->scenario, name);
  if (peer == nullptr || peer->forked) {
    return {};
  }
  if (Status status = RequestPeer(run, *peer); !status) {
    return status;
  }
  int64_t& request = run->spawns.at(name);
  if (request == kSpawned) {
    return {};
  }
  const auto ok = run->session->Await(request, kSpawnWithin);
  request = kSpawned;
  if (!ok) {
    Error error = ok.error();
    if (error.message.find(name) == std::string::npos) {
      error.message = "peer " + name + " did not come up: " + error.message;
    }
    return Fail(error);
  }
  run->recorder->Add(PeerSpawned{name, peer->host, ok->value("pid", int64_t{0})});
  return {};
}

Result<bool> DoCall(RunContext* run, const CallStep& call) {
  const auto id = Start(run, call);
  if (!id) {
    return Fail(id.error());
  }
  if (!call.async.empty()) {
    return true;
  }
  const auto ended =
      run->session->ProcessUntil([&] { return run->session->CallEnded(*id); }, call.within);
  if (!ended) {
    return Fail(ended.error());
  }
  if (const Status status = CheckProtocol(*run); !status) {
    return Fail(status.error());
  }
  if (!*ended) {
    run->session->AbandonCall(*id);
  }
  return EndedAsExpected(*run, call, run->step);
}

Result<bool> AwaitCall(RunContext* run,
                       const std::string& name,
                       Duration within,
                       std::string* saw) {
  const auto& steps = run->scenario->steps;
  const auto found = std::find_if(steps.begin(), steps.end(), [&](const Step& step) {
    const auto* call = std::get_if<CallStep>(&step.what);
    return call != nullptr && call->async == name;
  });
  if (found == steps.end()) {
    *saw = "there is no such call";
    return false;
  }
  const int step = static_cast<int>(found - steps.begin());
  const auto ended = run->session->ProcessUntil([&] { return HasEnded(*run, step); }, within);
  if (!ended) {
    return Fail(ended.error());
  }
  if (const Status status = CheckProtocol(*run); !status) {
    return Fail(status.error());
  }
  *saw = *ended ? "" : "it has not returned within " + FormatDuration(within);
  return *ended && EndedAsExpected(*run, std::get<CallStep>(found->what), step);
}

}  // namespace lastack

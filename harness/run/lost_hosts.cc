#include "run/lost_hosts.h"

#include <vector>

#include "run/captures.h"
#include "run/sampling.h"
#include "run/tracing.h"
#include "run/wire.h"

namespace lastack {
namespace {

// Those that have come to be at the host and are not lost already.
std::vector<std::string> EndpointsAt(const RunContext& run, const std::string& host) {
  std::vector<std::string> names;
  for (const EndpointDecl& endpoint : run.scenario->endpoints) {
    const KnownEndpoint* known = run.book.Find(endpoint.name);
    if (known != nullptr && known->host == host && !run.lost_endpoints.contains(endpoint.name)) {
      names.push_back(endpoint.name);
    }
  }
  return names;
}

// Nothing will be heard of them any more.
void ForgetPeers(RunContext* run, const std::string& host) {
  for (const PeerSpec& peer : run->scenario->peers) {
    if (peer.host == host && run->spawns.contains(peer.name)) {
      run->session->ExpectExit(peer.name);
      run->session->AbandonCallsOf(peer.name);
      run->spawns.erase(peer.name);
    }
  }
}

}  // namespace

Status LoseHost(RunContext* run, const std::string& host) {
  run->learned = run->book.Learn(*run->scenario, run->recorder->evidence().events, run->learned);
  const std::vector<std::string> endpoints = EndpointsAt(*run, host);
  if (Status cut = CutWire(run); !cut) {
    return cut;
  }
  if (Status sampled = SampleStates(run, endpoints); !sampled) {
    return sampled;
  }
  if (Status stopped = StopCaptures(run, {host}); !stopped) {
    return stopped;
  }
  EndTraceOf(run, host);
  run->recorder->Add(HostChanged{run->step, host, "vanished"});
  ForgetPeers(run, host);
  run->session->Forget(host);
  run->testbed->EndHost(host);
  run->gone.insert(host);
  run->lost_endpoints.insert(endpoints.begin(), endpoints.end());
  return {};
}

Status StartHostAgain(RunContext* run, const std::string& host) {
  const Result<std::string> interface = run->testbed->StartAgain(host);
  if (!interface) {
    return Fail(interface.error());
  }
  if (Status traced = TraceHost(run, host); !traced) {
    return traced;
  }
  run->session->Welcome(host);
  if (Status greeted = run->session->Greet(); !greeted) {
    return greeted;
  }
  run->gone.erase(host);
  if (Status started = StartCaptures(run, {host}); !started) {
    return started;
  }
  if (Status attached = AttachToWire(run, host, *interface); !attached) {
    return attached;
  }
  run->recorder->Add(HostChanged{run->step, host, "rebooted"});
  return MendWire(run);
}

}  // namespace lastack

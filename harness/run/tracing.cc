#include "run/tracing.h"

#include <utility>

#include "observe/bpf/kernel_trace.h"

namespace lastack {

Status TraceHost(RunContext* run, const std::string& host) {
  if (run->trace == nullptr) {
    return {};
  }
  const auto netns = NetnsIdOf(run->testbed->host(host).network.get());
  if (!netns) {
    return Fail(netns.error());
  }
  run->traced[host] = *netns;
  return run->trace->Watch(*netns);
}

void EndTraceOf(RunContext* run, const std::string& host) {
  const auto traced = run->traced.find(host);
  if (traced == run->traced.end()) {
    return;
  }
  Traced taken = run->trace->Take(traced->second);
  for (TracedEvent& event : taken.events) {
    event.data.host = host;
    run->recorder->Add("trace:" + host, event.t_ns, std::move(event.data));
  }
  run->recorder->Add(TraceClosed{host, taken.lost, taken.missed});
  run->trace->Forget(traced->second);
  run->traced.erase(traced);
}

Status BeginTrace(RunContext* run) {
  if (run->trace == nullptr) {
    run->recorder->Add(BlindSpot{"kernel", run->untraced});
    return {};
  }
  for (const std::string& blind_spot : run->trace->blind_spots()) {
    run->recorder->Add(BlindSpot{"kernel", blind_spot});
  }
  for (const Host& host : run->testbed->hosts()) {
    if (Status traced = TraceHost(run, host.name); !traced) {
      return traced;
    }
  }
  return {};
}

void EndTrace(RunContext* run) {
  while (!run->traced.empty()) {
    EndTraceOf(run, std::string(run->traced.begin()->first));
  }
}

}  // namespace lastack

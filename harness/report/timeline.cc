#include "report/timeline.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "judge/app.h"
#include "judge/steps.h"
#include "report/timeline_findings.h"
#include "report/timeline_segments.h"

namespace lastack {
namespace {

std::string HostOfPeer(const Scenario& scenario, const std::string& peer) {
  const PeerSpec* spec = FindPeer(scenario, peer);
  return spec == nullptr ? peer : spec->host;
}

// "close → ok": a call when it returned, under the words of its step.
void AddCalls(const Scenario& scenario, const Evidence& evidence, Timeline* timeline) {
  for (const auto& [event, started] : Select<CallStarted>(evidence.events)) {
    const auto* call =
        started->step >= 0 && static_cast<size_t>(started->step) < scenario.steps.size()
            ? std::get_if<CallStep>(&scenario.steps[static_cast<size_t>(started->step)].what)
            : nullptr;
    if (call == nullptr) {
      continue;
    }
    const auto end = EndOfCall(evidence.events, started->step);
    const std::string result = end ? Describe(*call, *end) : "still in the call";
    const bool own_name = call->on.size() != 1 || call->on.front() == started->peer;
    timeline->entries.push_back(
        {.kind = TimelineEntry::Kind::kCall,
         .t_ns = event->t_ns,
         .host = HostOfPeer(scenario, started->peer),
         .text = fmt::format(
             "{}{} → {}", ToString(call->call), own_name ? "" : " " + call->on.front(), result),
         .step = started->step,
         .endpoints = call->on.empty() ? call->as : call->on});
  }
}

void AddKernelStates(const Reconstruction& what, Timeline* timeline) {
  for (const EndpointTrace& trace : what.endpoints) {
    for (const ToldState& kernel : KernelsWord(trace)) {
      timeline->entries.push_back({.kind = TimelineEntry::Kind::kKernelState,
                                   .t_ns = kernel.t_ns,
                                   .host = trace.host,
                                   .text = std::string(ToString(kernel.state)),
                                   .step = kernel.step,
                                   .connection = trace.connection,
                                   .endpoints = {trace.endpoint.name}});
    }
  }
}

void AddEvents(const Scenario& scenario, const Evidence& evidence, Timeline* timeline) {
  const auto add = [&](const Event& event, const std::string& host, std::string text, int step) {
    timeline->entries.push_back({.kind = TimelineEntry::Kind::kEvent,
                                 .t_ns = event.t_ns,
                                 .host = host,
                                 .text = std::move(text),
                                 .step = step,
                                 .endpoints = {}});
  };
  for (const auto& [event, sent] : Select<SignalSent>(evidence.events)) {
    add(*event,
        HostOfPeer(scenario, sent->peer),
        "SIG" + sent->signal + " to " + sent->peer,
        sent->step);
  }
  for (const auto& [event, exited] : Select<PeerExited>(evidence.events)) {
    add(*event, exited->host, exited->peer + " is gone", kAfterLastStep);
  }
  for (const auto& [event, rebound] : Select<Rebound>(evidence.events)) {
    add(*event,
        rebound->host,
        fmt::format(
            "rebind ({}) → {}", rebound->options, rebound->error.empty() ? "ok" : rebound->error),
        rebound->step);
  }
  for (const auto& [event, changed] : Select<HostChanged>(evidence.events)) {
    add(*event, changed->host, changed->what, changed->step);
  }
  for (const auto& [event, changed] : Select<WireChanged>(evidence.events)) {
    add(*event, "", "wire: " + changed->what, changed->step);
  }
  for (const auto& [event, destroyed] : Select<SocketDestroyed>(evidence.events)) {
    const EndpointDecl* endpoint = FindEndpoint(scenario, destroyed->endpoint);
    add(*event,
        endpoint == nullptr ? "" : endpoint->host,
        "destroy " + destroyed->endpoint,
        destroyed->step);
    timeline->entries.back().endpoints = {destroyed->endpoint};
  }
}

std::string EndTitle(const Reconstruction& what, const std::string& host) {
  for (const EndpointTrace& trace : what.endpoints) {
    if (trace.host == host && trace.endpoint.remote) {
      return host + " " + ToString(Unmapped(trace.endpoint.local));
    }
  }
  return host;
}

std::vector<TimelineConnection> Connections(const Reconstruction& what) {
  std::vector<TimelineConnection> connections;
  for (const WireConnection& wire : what.connections) {
    TimelineConnection& connection = connections.emplace_back();
    connection.ends[0].address = ToString(wire.initiator);
    connection.ends[1].address = ToString(wire.responder);
    for (const auto& [host, indices] : wire.segments) {
      for (const size_t i : indices) {
        const SeenSegment& seen = what.segments[i];
        const bool of_initiator = (seen.segment.source == wire.initiator) == seen.sent;
        connection.ends[of_initiator ? 0 : 1].host = host;
      }
    }
  }
  for (const EndpointTrace& trace : what.endpoints) {
    if (trace.connection < 0) {
      continue;
    }
    const auto number = static_cast<size_t>(trace.connection);
    const bool initiator = Unmapped(trace.endpoint.local) == what.connections[number].initiator;
    TimelineEndpoint& end = connections[number].ends[initiator ? 0 : 1];
    end.name = trace.endpoint.name;
    end.host = trace.host;
    end.states.clear();
    for (const WireState& wire : trace.wire) {
      end.states.push_back({.state = std::string(ToString(wire.state)),
                            .t_ns = wire.t_ns,
                            .packet = wire.packet,
                            .cause = wire.cause});
    }
    for (const ToldState& kernel : KernelsWord(trace)) {
      end.states.push_back({.state = std::string(ToString(kernel.state)),
                            .t_ns = kernel.t_ns,
                            .kernel = true,
                            .event = kernel.event});
    }
  }
  return connections;
}

// Counts all times from that of the first entry.
void BeginAtZero(Timeline* timeline) {
  if (timeline->entries.empty()) {
    return;
  }
  const int64_t begin = timeline->entries.front().t_ns;
  for (TimelineEntry& entry : timeline->entries) {
    entry.t_ns -= begin;
    entry.received_ns -= entry.received_ns == 0 ? 0 : begin;
  }
  for (TimelineConnection& connection : timeline->connections) {
    for (TimelineEndpoint& end : connection.ends) {
      for (TimelineState& state : end.states) {
        state.t_ns -= begin;
      }
    }
  }
}

}  // namespace

Timeline MakeTimeline(const Scenario& scenario,
                      const Evidence& evidence,
                      const Judgement& judgement) {
  const Reconstruction what = Reconstruct(scenario, evidence);
  Timeline timeline;
  std::vector<std::string> hosts;
  for (const HostSpec& host : scenario.hosts) {
    hosts.push_back(host.name);
  }
  std::sort(hosts.begin(), hosts.end(), [](const auto& a, const auto& b) {
    return a == "client" && b != "client";  // the one that connects stands at the left
  });
  for (const std::string& host : hosts) {
    timeline.ends.push_back({host, EndTitle(what, host)});
  }
  timeline.entries = PairSegments(scenario, evidence, what);
  timeline.connections = Connections(what);
  for (const Step& step : scenario.steps) {
    timeline.steps.push_back({step.text, step.place.line});
  }
  AddCalls(scenario, evidence, &timeline);
  AddKernelStates(what, &timeline);
  AddEvents(scenario, evidence, &timeline);
  std::stable_sort(timeline.entries.begin(),
                   timeline.entries.end(),
                   [](const auto& a, const auto& b) { return a.t_ns < b.t_ns; });
  BeginAtZero(&timeline);
  AttachFindings(evidence, judgement, &timeline);
  return timeline;
}

}  // namespace lastack

#include "report/timeline.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "judge/app.h"
#include "judge/steps.h"

namespace lastack {
namespace {

// (host, packet) → the state that this packet led to at that host's endpoint.
using StatesByPacket = std::map<std::pair<std::string, int64_t>, std::string>;

StatesByPacket CollectStates(const Reconstruction& what) {
  StatesByPacket states;
  for (const EndpointTrace& trace : what.endpoints) {
    for (const WireState& wire : trace.wire) {
      // On lo both endpoints share one packet; the ends are told apart by their addresses there.
      std::string& text = states[{trace.host, wire.packet}];
      text += (text.empty() ? "" : ", ") + std::string(ToString(wire.state));
    }
  }
  return states;
}

std::string StateAt(const StatesByPacket& states, const std::string& host, int64_t packet) {
  const auto found = states.find({host, packet});
  return found == states.end() ? "" : found->second;
}

// Which step ran at a time.
class StepClock {
 public:
  explicit StepClock(const std::vector<Event>& events) {
    for (const auto& [event, started] : Select<StepStarted>(events)) {
      step_from_[event->t_ns] = started->step;
    }
  }
  [[nodiscard]] int At(int64_t t_ns) const {
    const auto after = step_from_.upper_bound(t_ns);
    return after == step_from_.begin() ? kBeforeFirstStep : std::prev(after)->second;
  }

 private:
  std::map<int64_t, int> step_from_;
};

// Each segment once, from its sender's capture with its arrival from the receiver's.
class SegmentPairing {
 public:
  SegmentPairing(const Scenario& scenario, const Evidence& evidence, const Reconstruction& what)
      : scenario_(scenario), what_(what), steps_(evidence.events), states_(CollectStates(what)) {
    for (size_t c = 0; c < what.connections.size(); ++c) {
      for (const auto& [host, indices] : what.connections[c].segments) {
        for (const size_t i : indices) {
          connection_of_[i] = static_cast<int>(c);
        }
      }
    }
  }

  std::vector<TimelineEntry> Pair() {
    std::vector<TimelineEntry> entries;
    std::multimap<SegmentIdentity, size_t> waiting;  // sent, not yet received
    for (size_t i = 0; i < what_.segments.size(); ++i) {
      const SeenSegment& seen = what_.segments[i];
      if (seen.sent) {
        if (!seen.loopback && !seen.lost) {
          waiting.emplace(IdentityOf(seen.segment), entries.size());
        }
        entries.push_back(Sent(i));
      }
    }
    for (size_t i = 0; i < what_.segments.size(); ++i) {
      const SeenSegment& seen = what_.segments[i];
      if (seen.sent) {
        continue;
      }
      const auto sender =
          seen.injected ? waiting.end()
                        : waiting.lower_bound(IdentityOf(seen.segment));  // the first of equals
      if (sender != waiting.end() && sender->first == IdentityOf(seen.segment)) {
        Receive(seen, &entries[sender->second]);
        waiting.erase(sender);
      } else {
        TimelineEntry entry = Sent(i);
        entry.host = OtherHost(scenario_, seen.host);
        entry.sent_packet = 0;
        entry.sender_state.clear();
        Receive(seen, &entry);
        entries.push_back(entry);
      }
    }
    return entries;
  }

 private:
  [[nodiscard]] TimelineEntry Sent(size_t index) const {
    const SeenSegment& seen = what_.segments[index];
    const Flags& flags = seen.segment.flags;
    TimelineEntry entry{.kind = TimelineEntry::Kind::kSegment,
                        .t_ns = seen.t_ns,
                        .host = seen.host,
                        .text = ToString(flags),
                        .step = steps_.At(seen.t_ns),
                        .sent_packet = seen.packet,
                        .bytes = seen.segment.seg_len,
                        .pure = !flags.syn && !flags.fin && !flags.rst,
                        .sender_state = StateAt(states_, seen.host, seen.packet),
                        .lost = seen.lost,
                        .injected = seen.injected};
    if (const auto found = connection_of_.find(index); found != connection_of_.end()) {
      entry.connection = found->second;
    }
    if (seen.loopback) {
      entry.received_packet = seen.packet;
      entry.received_ns = seen.t_ns;
    }
    return entry;
  }

  void Receive(const SeenSegment& seen, TimelineEntry* entry) const {
    entry->received_packet = seen.packet;
    entry->received_ns = seen.t_ns;
    entry->receiver_state = StateAt(states_, seen.host, seen.packet);
  }

  const Scenario& scenario_;
  const Reconstruction& what_;
  StepClock steps_;
  StatesByPacket states_;
  std::map<size_t, int> connection_of_;
};

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
         .step = started->step});
  }
}

void AddKernelStates(const Reconstruction& what, Timeline* timeline) {
  for (const EndpointTrace& trace : what.endpoints) {
    for (const KernelState& kernel : trace.kernel) {
      timeline->entries.push_back({.kind = TimelineEntry::Kind::kKernelState,
                                   .t_ns = kernel.t1_ns,
                                   .host = trace.host,
                                   .text = std::string(ToString(kernel.state)),
                                   .step = kernel.step,
                                   .connection = trace.connection});
    }
  }
}

void AddEvents(const Scenario& scenario, const Evidence& evidence, Timeline* timeline) {
  const auto add = [&](const Event& event, const std::string& host, std::string text, int step) {
    timeline->entries.push_back({.kind = TimelineEntry::Kind::kEvent,
                                 .t_ns = event.t_ns,
                                 .host = host,
                                 .text = std::move(text),
                                 .step = step});
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

void MarkFindings(const Judgement& judgement, Timeline* timeline) {
  for (const Finding& finding : judgement.findings) {
    for (TimelineEntry& entry : timeline->entries) {
      const bool named = std::any_of(finding.packets.begin(), finding.packets.end(), [&](auto p) {
        return p == entry.sent_packet || p == entry.received_packet;
      });
      entry.marked = entry.marked || (entry.kind == TimelineEntry::Kind::kSegment && named);
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
  timeline.entries = SegmentPairing(scenario, evidence, what).Pair();
  AddCalls(scenario, evidence, &timeline);
  AddKernelStates(what, &timeline);
  AddEvents(scenario, evidence, &timeline);
  std::stable_sort(timeline.entries.begin(),
                   timeline.entries.end(),
                   [](const auto& a, const auto& b) { return a.t_ns < b.t_ns; });
  if (!timeline.entries.empty()) {
    const int64_t begin = timeline.entries.front().t_ns;
    for (TimelineEntry& entry : timeline.entries) {
      entry.t_ns -= begin;
      entry.received_ns -= entry.received_ns == 0 ? 0 : begin;
    }
  }
  MarkFindings(judgement, &timeline);
  return timeline;
}

}  // namespace lastack

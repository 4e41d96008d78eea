#include "judge/traced.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace lastack {
namespace {

// How a host was traced.
struct TraceQuality {
  bool traced = false;
  bool whole = true;    // nothing was lost
  bool missed = false;  // programs were kept from running
};

std::map<std::string, TraceQuality> QualityOf(const Evidence& evidence) {
  std::map<std::string, TraceQuality> hosts;
  for (const auto& [event, closed] : Select<TraceClosed>(evidence.events)) {
    TraceQuality& host = hosts[closed->host];
    host.traced = true;
    host.whole = host.whole && closed->lost == 0;
    host.missed = host.missed || closed->missed > 0;
  }
  return hosts;
}

// A socket that never got a local port, or that its call did not name, is found by the rest.
bool Fits(const KernelLife& life, const EndpointTrace& trace) {
  const Endpoint& endpoint = trace.endpoint;
  const bool here = life.host == trace.host && !life.transitions.empty() &&
                    life.transitions.front().t_ns <= trace.born_ns;
  if (!here || !endpoint.remote || life.remote != Unmapped(*endpoint.remote)) {
    return false;
  }
  const bool began_in_call = life.transitions.front().t_ns >= trace.call_ns;
  return life.local.port == 0 ? trace.active && began_in_call
                              : life.local == Unmapped(endpoint.local);
}

const KernelLife* FindLife(const std::vector<KernelLife>& lives,
                           const std::set<const KernelLife*>& taken,
                           const EndpointTrace& trace) {
  const KernelLife* found = nullptr;
  for (const KernelLife& life : lives) {
    const bool same = trace.endpoint.cookie != 0
                          ? life.cookie == trace.endpoint.cookie && life.host == trace.host
                          : !taken.contains(&life) && Fits(life, trace);
    found = same ? &life : found;  // the latest
  }
  return found;
}

// The last look at the endpoint, after the last step: what happened to it later is not judged.
int64_t LastLook(const EndpointTrace& trace) {
  if (trace.lost_ns) {
    return *trace.lost_ns;
  }
  const bool looked = !trace.kernel.empty() && trace.kernel.back().step == kAfterLastStep;
  return looked ? trace.kernel.back().t1_ns : std::numeric_limits<int64_t>::max();
}

// Whether the life holds a state that the sample says, near its time.
bool Tells(const KernelLife& life, const KernelState& sample) {
  const int64_t from = sample.t0_ns - kWitnessLag.count();
  const int64_t to = sample.t1_ns + kWitnessLag.count();
  State current = State::kClosed;
  for (const KernelTransition& transition : life.transitions) {
    if (transition.t_ns >= from && current == sample.state) {
      return true;
    }
    if (transition.t_ns > to) {
      return false;
    }
    current = transition.to;
  }
  return current == sample.state;
}

bool TellsAll(const KernelLife& life, const std::vector<KernelState>& samples) {
  return std::ranges::all_of(samples, [&](const KernelState& sample) {
    return sample.kind == SampleKind::kRequest || Tells(life, sample);
  });
}

// A socket is unhashed before its tracepoint says so. If that processor stands still in between,
// the run can be over when the kernel says CLOSED.
bool EndIsOutstanding(const KernelLife& life, const std::vector<KernelState>& samples) {
  return !samples.empty() && samples.back().state == State::kClosed &&
         (life.transitions.empty() || life.transitions.back().to != State::kClosed);
}

void CutOff(int64_t end_ns, KernelLife* life) {
  std::erase_if(life->transitions,
                [&](const KernelTransition& transition) { return transition.t_ns > end_ns; });
  if (life->mini && life->mini->end_ns > end_ns) {
    life->mini->end = MiniEnd::kNotYet;
  }
}

void AddLives(const std::map<std::string, TraceQuality>& hosts,
              const Evidence& evidence,
              Reconstruction* what) {
  const std::vector<KernelLife> lives = KernelLives(evidence.events);
  std::set<const KernelLife*> taken;
  for (EndpointTrace& trace : what->endpoints) {
    if (!trace.endpoint.remote) {
      continue;  // a listener is in LISTEN for a moment also where it may not listen
    }
    const auto host = hosts.find(trace.host);
    if (host == hosts.end() || !host->second.whole) {
      continue;
    }
    const KernelLife* life = FindLife(lives, taken, trace);
    if (life != nullptr && (!host->second.missed || TellsAll(*life, trace.kernel))) {
      KernelLife seen = *life;
      CutOff(LastLook(trace), &seen);
      if (!EndIsOutstanding(seen, trace.kernel)) {
        taken.insert(life);
        trace.life = std::move(seen);
        continue;
      }
    }
    if (trace.connection >= 0) {
      what->untold.push_back(trace.endpoint.name);
    }
  }
}

// The nth RST that a host sent between two addresses is the nth that its kernel says it sent, where
// the two agree on how many there were. That a reason is not specified says nothing: before Linux
// 6.12 that of every abort is.
void AddReasons(const Evidence& evidence, SeenSegments* segments) {
  using Way = std::tuple<std::string, SocketAddress, SocketAddress>;
  std::map<Way, std::vector<std::string>> reasons;
  for (const auto& [event, traced] : Select<KernelTraced>(evidence.events)) {
    if (traced->what == TraceKind::kRstSent) {
      reasons[{traced->host, traced->local, traced->remote}].push_back(traced->reason);
    }
  }
  std::map<Way, std::vector<SeenSegment*>> sent;
  for (SeenSegment& seen : *segments) {
    if (seen.sent && seen.segment.flags.rst) {
      sent[{seen.host, seen.segment.source, seen.segment.destination}].push_back(&seen);
    }
  }
  for (const auto& [way, told] : reasons) {
    const std::vector<SeenSegment*>& seen = sent[way];
    for (size_t i = 0; i < told.size() && told.size() == seen.size(); ++i) {
      seen[i]->reason = told[i] == "NOT_SPECIFIED" ? "" : told[i];
    }
  }
}

}  // namespace

void AddTraced(const Evidence& evidence, Reconstruction* what) {
  const std::map<std::string, TraceQuality> hosts = QualityOf(evidence);
  if (hosts.empty()) {
    return;
  }
  AddLives(hosts, evidence, what);
  AddReasons(evidence, &what->segments);
}

}  // namespace lastack

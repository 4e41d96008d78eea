#include "judge/reconstruct.h"

#include <algorithm>
#include <limits>
#include <set>
#include <tuple>
#include <utility>

#include "judge/fates.h"
#include "judge/traced.h"
#include "record/clock.h"

namespace lastack {
namespace {

using Pair = AddressesOfPair;

SeenSegments SegmentsOf(const Capture& capture, const ClockOffsets& clocks) {
  SeenSegments segments;
  int64_t packet = 0;
  for (const Frame& frame : capture.frames) {
    ++packet;
    const auto segment = ParseSegment(frame.data.data(), frame.data.size());
    if (!segment) {
      continue;
    }
    const bool loopback =
        frame.interface < capture.interfaces.size() && capture.interfaces[frame.interface] == "lo";
    segments.push_back({.host = capture.host,
                        .packet = packet,
                        .t_ns = clocks.ToMonotonic("host:" + capture.host, frame.realtime_ns),
                        .sent = loopback || frame.direction == Direction::kOut,
                        .loopback = loopback,
                        .segment = *segment});
  }
  return segments;
}

// Endpoints come to be by connect, accept, listen and (under another name) dup and receive. A
// listener has no states on the wire.
std::vector<EndpointTrace> CollectEndpoints(const Scenario& scenario, const Evidence& evidence) {
  std::vector<EndpointTrace> endpoints;
  for (const auto& [event, call] : Select<CallFinished>(evidence.events)) {
    const PeerSpec* peer = FindPeer(scenario, call->peer);
    const bool known = call->step >= 0 && static_cast<size_t>(call->step) < scenario.steps.size();
    if (peer == nullptr || !known) {
      continue;
    }
    const auto* step = std::get_if<CallStep>(&scenario.steps[static_cast<size_t>(call->step)].what);
    const bool makes_endpoint =
        step != nullptr && (step->call == Call::kConnect || step->call == Call::kAccept ||
                            step->call == Call::kListen);
    for (const CallResult& result : call->results) {
      if (!makes_endpoint || (!result.socket && step->call != Call::kConnect)) {
        continue;
      }
      EndpointTrace trace{.endpoint = result.socket.value_or(Endpoint{.name = result.name}),
                          .peer = call->peer,
                          .host = peer->host,
                          .born_ns = result.t1_ns,
                          .call_ns = result.t0_ns,
                          .active = step->call == Call::kConnect};
      trace.endpoint.name = result.name;
      endpoints.push_back(std::move(trace));
    }
  }
  return endpoints;
}

// A connect that failed tells no addresses any more; its SYN left while it was in the call.
bool SentDuringCall(const EndpointTrace& trace,
                    const WireConnection& connection,
                    const std::vector<SeenSegment>& segments) {
  const auto at_host = connection.segments.find(trace.host);
  if (at_host == connection.segments.end() || !trace.active) {
    return false;
  }
  const SeenSegment& first = segments[at_host->second.front()];
  return first.sent && first.t_ns >= trace.call_ns && first.t_ns <= trace.born_ns;
}

// Where to look: with a thousand connections a scan for each endpoint would be too slow.
struct Index {
  std::map<Pair, std::vector<size_t>> connections;
  std::map<std::pair<std::string, Pair>, std::vector<size_t>> segments;  // by host
};

Index MakeIndex(const Reconstruction& what) {
  Index index;
  for (size_t i = 0; i < what.connections.size(); ++i) {
    const WireConnection& connection = what.connections[i];
    index.connections[std::minmax(connection.initiator, connection.responder)].push_back(i);
  }
  for (size_t i = 0; i < what.segments.size(); ++i) {
    index.segments[{what.segments[i].host, PairOf(what.segments[i].segment)}].push_back(i);
  }
  return index;
}

Pair PairOf(const Endpoint& endpoint) {
  return std::minmax(Unmapped(endpoint.local), Unmapped(*endpoint.remote));
}

std::vector<size_t> Candidates(const EndpointTrace& trace,
                               const Reconstruction& what,
                               const Index& index) {
  if (trace.endpoint.remote) {
    const auto found = index.connections.find(PairOf(trace.endpoint));
    return found == index.connections.end() ? std::vector<size_t>{} : found->second;
  }
  std::vector<size_t> candidates;
  for (size_t i = 0; i < what.connections.size(); ++i) {
    if (SentDuringCall(trace, what.connections[i], what.segments)) {
      candidates.push_back(i);
    }
  }
  return candidates;
}

// Which side of a connection an endpoint is. In a simultaneous open both sides connect.
bool IsInitiator(const EndpointTrace& trace, const Reconstruction& what, size_t connection) {
  const WireConnection& wire = what.connections[connection];
  if (trace.endpoint.remote) {
    return Unmapped(trace.endpoint.local) == wire.initiator;
  }
  const size_t first = wire.segments.at(trace.host).front();  // see SentDuringCall
  return what.segments[first].segment.source == wire.initiator;
}

void AssignConnections(const Index& index, Reconstruction* what) {
  std::set<std::pair<size_t, bool>> taken;  // connection, and which side of it
  for (EndpointTrace& trace : what->endpoints) {
    for (const size_t i : Candidates(trace, *what, index)) {
      const bool free = !taken.contains({i, IsInitiator(trace, *what, i)});
      if (free && what->connections[i].begin_ns <= trace.born_ns) {
        trace.connection = static_cast<int>(i);  // the latest that fits
      }
    }
    if (trace.connection >= 0) {
      const auto& connection = what->connections[static_cast<size_t>(trace.connection)];
      const auto number = static_cast<size_t>(trace.connection);
      const bool initiator = IsInitiator(trace, *what, number);
      taken.insert({number, initiator});
      if (!trace.endpoint.remote) {
        trace.endpoint.local = initiator ? connection.initiator : connection.responder;
        trace.endpoint.remote = initiator ? connection.responder : connection.initiator;
      }
    }
  }
}

// When the kernel was seen to have no such socket any more; a timer can end one without a segment.
// What comes later is answered for nobody.
int64_t GoneAt(const EndpointTrace& trace) {
  if (trace.lost_ns) {
    return *trace.lost_ns;
  }
  for (const KernelState& kernel : trace.kernel) {
    if (kernel.state == State::kClosed && kernel.t0_ns >= trace.born_ns) {
      return kernel.t1_ns;
    }
  }
  return std::numeric_limits<int64_t>::max();
}

// Where an endpoint's life on the wire begins. A SYN can meet the end of an earlier connection
// first, which answers it with a challenge ACK (RFC 5961 4.2): a passive endpoint begins with the
// one that is answered by SYN,ACK.
size_t BeginOf(const EndpointTrace& trace,
               const SeenSegments& segments,
               const std::vector<size_t>& at_host) {
  size_t begin = at_host.front();
  for (const size_t i : at_host) {
    const Segment& segment = segments[i].segment;
    if (trace.active || !segment.flags.syn) {
      continue;
    }
    const bool own = segment.source == Unmapped(trace.endpoint.local);
    if (own && segment.flags.ack) {
      return begin;
    }
    begin = own || segment.flags.ack ? begin : i;
  }
  return at_host.front();
}

// An endpoint sees the segments of its connection, then those of later connections of the same
// addresses (a SYN that takes over TIME-WAIT, a late RST) until it is CLOSED.
void FollowOnWire(const Reconstruction& what,
                  const Index& index,
                  const ConnectionOptions& options,
                  EndpointTrace* trace) {
  if (trace->connection < 0) {
    return;
  }
  const auto& own = what.connections[static_cast<size_t>(trace->connection)].segments;
  const auto at_host = own.find(trace->host);
  if (at_host == own.end()) {
    return;
  }
  Connection connection(options);
  const SocketAddress local = Unmapped(trace->endpoint.local);
  const size_t begin = BeginOf(*trace, what.segments, at_host->second);
  for (const size_t i : at_host->second) {
    const SeenSegment& seen = what.segments[i];
    if (i >= begin && seen.segment.source == local && !seen.segment.flags.rst) {
      trace->last_sent_ns = seen.t_ns;
    }
  }
  const int64_t gone_ns = GoneAt(*trace);
  std::vector<const SeenSegment*> fed;
  for (const size_t i : index.segments.at({trace->host, PairOf(trace->endpoint)})) {
    const SeenSegment& seen = what.segments[i];
    if (i < begin) {
      continue;
    }
    const bool over = connection.state() == State::kClosed && !connection.transitions().empty();
    if (seen.t_ns > gone_ns || over) {
      break;
    }
    fed.push_back(&seen);
    connection.Feed(seen.segment.source == local ? Direction::kOut : Direction::kIn, seen.segment);
  }
  // Only now: an answer can show that a segment before it was not taken.
  for (const Transition& transition : connection.transitions()) {
    const SeenSegment& seen = *fed[transition.segment];
    trace->wire.push_back({transition.to, seen.t_ns, seen.packet, transition.cause});
  }
}

// Endpoints of a host that vanished or rebooted, which existed then.
void MarkLost(const Evidence& evidence, Reconstruction* what) {
  for (const auto& [event, changed] : Select<HostChanged>(evidence.events)) {
    for (EndpointTrace& trace : what->endpoints) {
      const bool there = trace.host == changed->host && trace.call_ns <= event->t_ns;
      if (changed->what == "vanished" && there && !trace.lost_ns) {
        trace.lost_ns = event->t_ns;
        trace.lost_step = changed->step;
      }
    }
  }
}

// How the stack of a host differs from RFC 9293: it is Linux, may follow RFC 1337, and may have no
// room for TIME-WAIT.
ConnectionOptions OptionsOf(const Evidence& evidence, const std::string& host) {
  ConnectionOptions options{.linux_rst_match = true};
  for (const auto& [event, started] : Select<RunStarted>(evidence.events)) {
    if (const auto settings = started->sysctl.find(host); settings != started->sysctl.end()) {
      const auto is = [&](const char* name, const char* value) {
        const auto setting = settings->second.find(name);
        return setting != settings->second.end() && setting->second == value;
      };
      options.ignore_rst_in_time_wait = is("net.ipv4.tcp_rfc1337", "1");
      options.no_time_wait = is("net.ipv4.tcp_max_tw_buckets", "0");
    }
  }
  return options;
}

void CollectSamples(const Evidence& evidence, Reconstruction* what) {
  std::map<std::string, std::vector<size_t>> by_name;
  for (size_t i = 0; i < what->endpoints.size(); ++i) {
    by_name[what->endpoints[i].endpoint.name].push_back(i);
  }
  for (const auto& [event, sampled] : Select<KernelSampled>(evidence.events)) {
    for (const StateSample& sample : sampled->samples) {
      EndpointTrace* owner = nullptr;
      for (const size_t i : by_name[sample.endpoint]) {
        if (what->endpoints[i].call_ns <= sampled->t1_ns) {
          owner = &what->endpoints[i];  // the latest of that name at that time
        }
      }
      if (owner != nullptr) {
        owner->kernel.push_back(
            {sample.state, sample.kind, sampled->t0_ns, sampled->t1_ns, sampled->step, event->id});
      }
    }
  }
}

}  // namespace

Reconstruction Reconstruct(const Scenario& scenario, const Evidence& evidence) {
  const ClockOffsets clocks(evidence.events);
  std::vector<SeenSegments> captures;
  for (const Capture& capture : evidence.captures) {
    captures.push_back(SegmentsOf(capture, clocks));
  }
  Reconstruction what;
  what.unseen_decisions = MarkFates(evidence, &captures);
  what.segments = MergeCausally(std::move(captures));
  what.connections = FindConnections(&what.segments);
  what.endpoints = CollectEndpoints(scenario, evidence);
  const Index index = MakeIndex(what);
  AssignConnections(index, &what);
  CollectSamples(evidence, &what);
  MarkLost(evidence, &what);
  for (EndpointTrace& trace : what.endpoints) {
    FollowOnWire(what, index, OptionsOf(evidence, trace.host), &trace);
  }
  AddTraced(evidence, &what);
  return what;
}

std::vector<ToldState> KernelsWord(const EndpointTrace& trace) {
  std::vector<ToldState> told;
  if (trace.life) {
    for (const KernelTransition& one : trace.life->transitions) {
      told.push_back({.state = one.to, .t_ns = one.t_ns, .event = one.event});
    }
    return told;
  }
  for (const KernelState& one : trace.kernel) {
    told.push_back({one.state, one.t1_ns, one.step, one.event});
  }
  return told;
}

const EndpointTrace* FindTrace(const Reconstruction& what, std::string_view name) {
  const EndpointTrace* found = nullptr;
  for (const EndpointTrace& trace : what.endpoints) {
    if (trace.endpoint.name == name) {
      found = &trace;
    }
  }
  return found;
}

bool IsOf(const Endpoint& endpoint, const Segment& segment) {
  if (!endpoint.remote) {
    return false;
  }
  const SocketAddress local = Unmapped(endpoint.local);
  const SocketAddress remote = Unmapped(*endpoint.remote);
  return (segment.source == local && segment.destination == remote) ||
         (segment.source == remote && segment.destination == local);
}

}  // namespace lastack

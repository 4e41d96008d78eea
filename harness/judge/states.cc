#include "judge/states.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>

#include <fmt/format.h>

#include "base/strings.h"

namespace lastack {
namespace {

// How far a witness may lag behind the other before that is a contradiction: a thread that holds
// the socket can be preempted between the segment's tap and the change of state (or the other way
// round) for some scheduler slices.
constexpr Duration kWitnessLag = std::chrono::milliseconds(50);

// How much later than a sample a segment must have been sent to be surely later: the clocks of
// captures and samples are read apart.
constexpr Duration kClockMargin = std::chrono::milliseconds(1);

// Whether the kernel may truly be in `kernel` while the segments show `wire`. close() queues its
// FIN behind data (RFC 9293 3.10.4: "in any case, enter FIN-WAIT-1 state"), so until the FIN is on
// the wire the wire lags behind by that step; timers and ICMP errors end any state without a
// segment.
bool Explains(State wire, State kernel) {
  if (wire == kernel || kernel == State::kClosed) {
    return true;
  }
  switch (wire) {
    case State::kEstablished:
      return kernel == State::kFinWait1;
    case State::kCloseWait:
      return kernel == State::kLastAck || kernel == State::kClosing;
    case State::kLastAck:
      return kernel == State::kClosing;
    case State::kFinWait1:
    case State::kFinWait2:
    case State::kClosing:
    case State::kTimeWait:
    case State::kClosed:
    case State::kListen:
    case State::kSynSent:
    case State::kSynReceived:
      return false;
  }
  return false;
}

bool IsQueuedFin(State wire, State kernel) {
  return wire != kernel && kernel != State::kClosed && Explains(wire, kernel);
}

// The states of one witness, each once in a row, from the first one that the sequence covers.
struct Seen {
  State state;
  int64_t event = 0;
  int64_t packet = 0;
  std::string cause;
};

// The order in which a connection may open; all else comes later.
int OpeningRank(State state) {
  constexpr int kOpen = 3;
  const std::array<State, kOpen> opening = {State::kListen, State::kSynSent, State::kSynReceived};
  return static_cast<int>(std::find(opening.begin(), opening.end(), state) - opening.begin());
}

// Is this a state of the opening that comes before the first one of the sequence?
bool StartsLate(const ExpectedStates& expected, State seen) {
  return OpeningRank(seen) < OpeningRank(expected.states.front());
}

std::vector<Seen> WireSeen(const ExpectedStates& expected, const EndpointTrace& trace) {
  std::vector<Seen> seen;
  for (const WireState& wire : trace.wire) {
    if (!StartsLate(expected, wire.state)) {
      seen.push_back({wire.state, 0, wire.packet, wire.cause});
    }
  }
  return seen;
}

std::vector<Seen> KernelSeen(const ExpectedStates& expected, const EndpointTrace& trace) {
  std::vector<Seen> seen;
  for (const KernelState& kernel : trace.kernel) {
    const bool repeated = !seen.empty() && seen.back().state == kernel.state;
    if (!repeated && !StartsLate(expected, kernel.state)) {
      seen.push_back({kernel.state, kernel.event, 0, "sampled"});
    }
  }
  return seen;
}

std::string States(const std::vector<Seen>& seen) {
  std::vector<State> states;
  states.reserve(seen.size());
  for (const Seen& one : seen) {
    states.push_back(one.state);
  }
  return states.empty() ? "nothing" : ToString(states);
}

Place PlaceOf(const ExpectedStates& expected, size_t index) {
  return index < expected.places.size() ? expected.places[index] : expected.place;
}

// Follows one witness through the expected sequence.
class Follower {
 public:
  Follower(Witness witness, const ExpectedStates& expected, const std::string& endpoint)
      : witness_(witness), expected_(expected), endpoint_(endpoint) {}

  // The first state that does not fit in order is a finding. Marks what was seen in `covered`.
  std::optional<Finding> Follow(const std::vector<Seen>& seen, std::set<size_t>* covered) {
    size_t next = 0;
    for (const Seen& one : seen) {
      const auto position = Fit(one.state, next);
      if (!position) {
        return Misfit(one, next, seen);
      }
      covered->insert(*position);
      next = *position;
    }
    return std::nullopt;
  }

 private:
  // The first position from `from` on that is this state; else, on the wire, one that a queued FIN
  // explains.
  [[nodiscard]] std::optional<size_t> Fit(State state, size_t from) const {
    const auto& states = expected_.states;
    for (size_t i = from; i < states.size(); ++i) {
      if (states[i] == state) {
        return i;
      }
    }
    for (size_t i = from; i < states.size() && witness_ == Witness::kWire; ++i) {
      if (IsQueuedFin(state, states[i])) {
        return i;
      }
    }
    return std::nullopt;
  }

  [[nodiscard]] Finding Misfit(const Seen& one, size_t next, const std::vector<Seen>& seen) const {
    const size_t wanted = std::min(next + 1, expected_.states.size() - 1);
    Finding finding{
        .witness = witness_,
        .expected = endpoint_ + " " + ToString(expected_.states),
        .actual = fmt::format("{} ({}; all: {})", ToString(one.state), one.cause, States(seen)),
        .place = PlaceOf(expected_, wanted)};
    if (one.event != 0) {
      finding.events.push_back(one.event);
    }
    if (one.packet != 0) {
      finding.packets.push_back(one.packet);
    }
    return finding;
  }

  Witness witness_;
  const ExpectedStates& expected_;
  const std::string& endpoint_;
};

std::optional<Finding> CheckCovered(const ExpectedStates& expected,
                                    const std::string& endpoint,
                                    const std::set<size_t>& covered,
                                    const std::vector<Seen>& wire) {
  for (size_t i = 0; i < expected.states.size(); ++i) {
    if (!covered.contains(i) && expected.states[i] != State::kListen) {
      return Finding{.witness = Witness::kWire,
                     .expected = fmt::format("{} in {}", endpoint, ToString(expected.states[i])),
                     .actual = "no witness saw it; on the wire: " + States(wire),
                     .place = PlaceOf(expected, i)};
    }
  }
  return std::nullopt;
}

// The kernel's last word, at the end of the last step.
std::optional<Finding> CheckLast(const ExpectedStates& expected,
                                 const std::string& endpoint,
                                 const EndpointTrace& trace) {
  const auto last = std::find_if(trace.kernel.rbegin(), trace.kernel.rend(), [&](const auto& k) {
    return k.step == trace.lost_step;
  });
  const State want = expected.states.back();
  const Place place = PlaceOf(expected, expected.states.size() - 1);
  if (last == trace.kernel.rend()) {
    return Finding{.witness = Witness::kKernel,
                   .expected = fmt::format("{} in {} at the end", endpoint, ToString(want)),
                   .actual = "no sample after the last step",
                   .place = place};
  }
  if (last->state != want) {
    return Finding{.witness = Witness::kKernel,
                   .expected = fmt::format("{} in {} at the end", endpoint, ToString(want)),
                   .actual = std::string(ToString(last->state)),
                   .place = place,
                   .events = {last->event}};
  }
  return std::nullopt;
}

void CheckOne(const ExpectedStates& expected,
              const std::string& endpoint,
              const EndpointTrace* trace,
              std::vector<Finding>* findings) {
  if (trace == nullptr) {
    findings->push_back({.witness = Witness::kApp,
                         .expected = endpoint + " " + ToString(expected.states),
                         .actual = "this endpoint never came to be",
                         .place = expected.place});
    return;
  }
  const std::vector<Seen> wire = WireSeen(expected, *trace);
  std::set<size_t> covered;
  const auto wire_misfit = Follower(Witness::kWire, expected, endpoint).Follow(wire, &covered);
  const auto kernel_misfit =
      Follower(Witness::kKernel, expected, endpoint).Follow(KernelSeen(expected, *trace), &covered);
  for (const auto& finding : {wire_misfit, kernel_misfit}) {
    if (finding) {
      findings->push_back(*finding);
      findings->back().host = trace->host;
    }
  }
  if (!wire_misfit && !kernel_misfit) {
    if (auto finding = CheckCovered(expected, endpoint, covered, wire)) {
      findings->push_back(*finding);
    }
  }
  if (auto finding = CheckLast(expected, endpoint, *trace); finding && !kernel_misfit) {
    findings->push_back(*finding);
  }
}

// The states the wire shows at some time in [from, to].
std::vector<State> WireStatesWithin(const EndpointTrace& trace, int64_t from, int64_t to) {
  std::vector<State> states;
  State current = State::kClosed;
  for (const WireState& wire : trace.wire) {
    if (wire.t_ns > to) {
      break;
    }
    if (wire.t_ns > from) {
      states.push_back(current);
    }
    current = wire.state;
  }
  states.push_back(current);
  return states;
}

std::vector<State> WireStatesAround(const EndpointTrace& trace, const KernelState& kernel) {
  return WireStatesWithin(
      trace, kernel.t0_ns - kWitnessLag.count(), kernel.t1_ns + kWitnessLag.count());
}

// A socket that is gone sends nothing more; what answers for it then is a RST.
bool OutlivesItsEnd(const EndpointTrace& trace, const KernelState& kernel) {
  return kernel.state == State::kClosed && trace.last_sent_ns > kernel.t1_ns + kClockMargin.count();
}

bool Contradicts(const EndpointTrace& trace, const KernelState& kernel) {
  if (OutlivesItsEnd(trace, kernel)) {
    return true;
  }
  const auto states = WireStatesAround(trace, kernel);
  return std::none_of(
      states.begin(), states.end(), [&](State wire) { return Explains(wire, kernel.state); });
}

Finding Disagreement(const Scenario& scenario,
                     const EndpointTrace& trace,
                     const KernelState& kernel) {
  const bool in_step = kernel.step >= 0 && static_cast<size_t>(kernel.step) < scenario.steps.size();
  if (OutlivesItsEnd(trace, kernel)) {
    return {
        .witness = Witness::kKernel,
        .expected = fmt::format("{} alive, as it sends later", trace.endpoint.name),
        .actual = "CLOSED from the kernel",
        .place = in_step ? scenario.steps[static_cast<size_t>(kernel.step)].place : scenario.place,
        .events = {kernel.event}};
  }
  return {
      .witness = Witness::kKernel,
      .expected = fmt::format("{} in {}, as the wire shows",
                              trace.endpoint.name,
                              ToString(WireStatesAround(trace, kernel).back())),
      .actual = fmt::format("{} from the kernel", ToString(kernel.state)),
      .place = in_step ? scenario.steps[static_cast<size_t>(kernel.step)].place : scenario.place,
      .events = {kernel.event}};
}

// Sockets that an administrator's SOCK_DESTROY ended need no segment for it.
std::set<std::string> Destroyed(const Evidence& evidence) {
  std::set<std::string> names;
  for (const auto& [event, destroyed] : Select<SocketDestroyed>(evidence.events)) {
    names.insert(destroyed->endpoint);
  }
  return names;
}

}  // namespace

std::vector<std::string> EndpointsOf(const Scenario& scenario, const std::string& name_or_glob) {
  std::vector<std::string> names;
  for (const EndpointDecl& endpoint : scenario.endpoints) {
    const bool connection = endpoint.kind == EndpointDecl::Kind::kConnection;
    if (endpoint.name == name_or_glob || (connection && GlobMatch(name_or_glob, endpoint.name))) {
      names.push_back(endpoint.name);
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::vector<Finding> CheckStates(const Scenario& scenario, const Reconstruction& what) {
  std::map<std::string, const EndpointTrace*> by_name;
  for (const EndpointTrace& trace : what.endpoints) {
    by_name[trace.endpoint.name] = &trace;
  }
  std::vector<Finding> findings;
  for (const ExpectedStates& expected : scenario.states) {
    for (const std::string& name : EndpointsOf(scenario, expected.endpoint)) {
      const auto found = by_name.find(name);
      CheckOne(expected, name, found == by_name.end() ? nullptr : found->second, &findings);
    }
  }
  return findings;
}

std::vector<Finding> CheckAgreement(const Scenario& scenario,
                                    const Evidence& evidence,
                                    const Reconstruction& what) {
  const std::set<std::string> destroyed = Destroyed(evidence);
  std::vector<Finding> findings;
  for (const EndpointTrace& trace : what.endpoints) {
    const bool was_destroyed = destroyed.contains(trace.endpoint.name);
    const auto contradiction =
        std::find_if(trace.kernel.begin(), trace.kernel.end(), [&](const KernelState& kernel) {
          const bool gone = was_destroyed && kernel.state == State::kClosed;
          return !gone && trace.connection >= 0 && Contradicts(trace, kernel);
        });
    if (contradiction != trace.kernel.end()) {  // the first: the rest follows from it
      findings.push_back(Disagreement(scenario, trace, *contradiction));
    }
  }
  return findings;
}

}  // namespace lastack

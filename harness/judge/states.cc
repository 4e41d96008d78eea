#include "judge/states.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>

#include <fmt/format.h>

#include "base/strings.h"
#include "judge/agreement.h"
#include "judge/sequence.h"

namespace lastack {
namespace {

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

// Where the whole life is known it must be the sequence; samples need only fit into it.
std::optional<Finding> FollowKernel(const ExpectedStates& expected,
                                    const std::string& endpoint,
                                    const EndpointTrace& trace,
                                    std::set<size_t>* covered) {
  if (!trace.life) {
    return Follower(Witness::kKernel, expected, endpoint)
        .Follow(KernelSeen(expected, trace), covered);
  }
  auto misfit = CheckSequence(expected, endpoint, *trace.life);
  for (size_t i = 0; !misfit && i < expected.states.size(); ++i) {
    if (!IsOpening(expected.states[i])) {
      covered->insert(i);
    }
  }
  return misfit;
}

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
  const auto kernel_misfit = FollowKernel(expected, endpoint, *trace, &covered);
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

}  // namespace lastack

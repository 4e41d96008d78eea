#include "judge/agreement.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "judge/sequence.h"
#include "judge/stall.h"
#include "judge/traced.h"

namespace lastack {
namespace {

// How much later than a sample a segment must have been sent to be surely later: the clocks of
// captures and samples are read apart.
constexpr Duration kClockMargin = std::chrono::milliseconds(1);

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

// One way of going through the wire's states and the kernel's together, each from its first one
// after the opening.
class Joint {
 public:
  Joint(const std::vector<WireState>& wire, const std::vector<KernelTransition>& kernel)
      : wire_(wire), kernel_(kernel) {}

  // Whether there is such a way from the first states to the last ones.
  bool Exists() {
    if (wire_.empty() || kernel_.empty()) {
      // A socket of which the wire shows nothing may still end by itself.
      return wire_.empty() ? OnlyEnds() : false;
    }
    return Explains(wire_[0].state, kernel_[0].to) && GoOn(0, 0);
  }
  // The counterparts that are further apart in time than the witnesses may be.
  [[nodiscard]] bool late() const { return late_; }

 private:
  using Cell = std::pair<size_t, size_t>;

  [[nodiscard]] bool OnlyEnds() const {
    return kernel_.empty() || (kernel_.size() == 1 && kernel_[0].to == State::kClosed);
  }

  bool GoOn(size_t wire, size_t kernel) {
    if (wire + 1 == wire_.size() && kernel + 1 == kernel_.size()) {
      return true;
    }
    if (!dead_ends_.insert({wire, kernel}).second) {
      return false;
    }
    return Both(wire, kernel) || KernelAlone(wire, kernel) || WireAlone(wire, kernel);
  }

  // The same segment takes both on.
  bool Both(size_t wire, size_t kernel) {
    if (wire + 1 == wire_.size() || kernel + 1 == kernel_.size()) {
      return false;
    }
    const WireState& next_wire = wire_[wire + 1];
    const KernelTransition& next_kernel = kernel_[kernel + 1];
    const bool apart = wire_[wire].state != kernel_[kernel].to;  // a FIN waits behind data
    const bool fits =
        next_wire.state == next_kernel.to || (apart && Explains(next_wire.state, next_kernel.to));
    if (!fits) {
      return false;
    }
    if (!Together(next_wire, next_kernel)) {
      late_ = true;
      return false;
    }
    return GoOn(wire + 1, kernel + 1);
  }

  // A timer or an abort ends any state; a FIN waits behind data; and a segment that acknowledges a
  // FIN and carries one takes the kernel through FIN-WAIT-2 in one go.
  bool KernelAlone(size_t wire, size_t kernel) {
    if (kernel + 1 == kernel_.size()) {
      return false;
    }
    if (PassesThrough(kernel_, kernel + 1)) {
      return wire + 1 < wire_.size() && kernel + 2 < kernel_.size() &&
             wire_[wire + 1].state == kernel_[kernel + 2].to && GoOn(wire + 1, kernel + 2);
    }
    return Explains(wire_[wire].state, kernel_[kernel + 1].to) && GoOn(wire, kernel + 1);
  }

  // After its end the kernel has nothing to say; the RST that it leaves with may come a moment
  // later.
  bool WireAlone(size_t wire, size_t kernel) {
    if (wire + 1 == wire_.size()) {
      return false;
    }
    const State now = kernel_[kernel].to;
    const State next = wire_[wire + 1].state;
    const bool fits = now == State::kClosed
                          ? next == State::kClosed && Together(wire_[wire + 1], kernel_[kernel])
                          : next != State::kClosed && Explains(next, now);
    return fits && GoOn(wire + 1, kernel);
  }

  // close() enters FIN-WAIT-1 or LAST-ACK at once, whenever its FIN may leave.
  static bool Together(const WireState& wire, const KernelTransition& kernel) {
    const bool own_fin = wire.state == State::kFinWait1 || wire.state == State::kLastAck;
    const int64_t late_ns = kernel.t_ns - wire.t_ns;
    return late_ns <= kWitnessLag.count() && (own_fin || late_ns >= -kWitnessLag.count());
  }

  const std::vector<WireState>& wire_;
  const std::vector<KernelTransition>& kernel_;
  std::set<Cell> dead_ends_;
  bool late_ = false;
};

template <typename T>
std::vector<T> AfterOpening(const std::vector<T>& states) {
  std::vector<T> later;
  std::ranges::copy_if(
      states, std::back_inserter(later), [](const T& one) { return !IsOpening(StateOf(one)); });
  return later;
}

// Whether each transition is one of the diagram; a socket may be used again after its end.
bool IsPath(const std::vector<KernelTransition>& life) {
  return std::ranges::adjacent_find(life, [](const auto& one, const auto& next) {
           return one.to != State::kClosed && !CanFollow(one.to, next.to);
         }) == life.end();
}

// How often a program of a host's trace was kept from running.
int64_t MissedAt(const std::string& host, const Evidence& evidence) {
  int64_t missed = 0;
  for (const auto& [event, closed] : Select<TraceClosed>(evidence.events)) {
    missed += closed->host == host ? closed->missed : 0;
  }
  return missed;
}

std::string Timeline(const std::vector<WireState>& wire,
                     const std::vector<KernelTransition>& kernel,
                     bool of_wire) {
  const int64_t begin_ns = std::min(wire.empty() ? INT64_MAX : wire.front().t_ns,
                                    kernel.empty() ? INT64_MAX : kernel.front().t_ns);
  std::string text;
  const auto add = [&](State state, int64_t t_ns) {
    constexpr double kNsPerMs = 1e6;
    text += fmt::format("{}{} at {:.2f} ms",
                        text.empty() ? "" : ", ",
                        ToString(state),
                        static_cast<double>(t_ns - begin_ns) / kNsPerMs);
  };
  if (of_wire) {
    for (const WireState& one : wire) {
      add(one.state, one.t_ns);
    }
  } else {
    for (const KernelTransition& one : kernel) {
      add(one.to, one.t_ns);
    }
  }
  return text.empty() ? "nothing" : text;
}

std::optional<Finding> CheckLife(const Scenario& scenario,
                                 const Evidence& evidence,
                                 const EndpointTrace& trace) {
  const std::vector<WireState> wire = AfterOpening(trace.wire);
  const std::vector<KernelTransition> kernel = AfterOpening(trace.life->transitions);
  Joint joint(wire, kernel);
  if (IsPath(kernel) && joint.Exists()) {
    return std::nullopt;
  }
  Finding finding{.witness = Witness::kKernel,
                  .expected = fmt::format(
                      "{} as on the wire: {}", trace.endpoint.name, Timeline(wire, kernel, true)),
                  .actual = "the kernel's: " + Timeline(wire, kernel, false),
                  .place = scenario.place,
                  .host = trace.host};
  for (const KernelTransition& one : kernel) {
    finding.events.push_back(one.event);
  }
  for (const WireState& one : wire) {
    finding.packets.push_back(one.packet);
  }
  if (const int64_t missed = MissedAt(trace.host, evidence); missed > 0 && !IsPath(kernel)) {
    finding.weight = Verdict::kInconclusive;
    finding.note = fmt::format("probe missed trace events: {} (margin 0)", missed);
  }
  if (const std::vector<Stall> stalls = Stalls(evidence.events); joint.late() && !stalls.empty()) {
    finding.weight = Verdict::kInconclusive;
    finding.note = Describe(*stalls.back().probe);
  }
  return finding;
}

}  // namespace

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

std::vector<Finding> CheckSamples(const Scenario& scenario,
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

std::vector<Finding> CheckLives(const Scenario& scenario,
                                const Evidence& evidence,
                                const Reconstruction& what) {
  std::vector<Finding> findings;
  for (const EndpointTrace& trace : what.endpoints) {
    if (!trace.life || trace.connection < 0) {
      continue;
    }
    if (auto finding = CheckLife(scenario, evidence, trace)) {
      findings.push_back(std::move(*finding));
    }
  }
  return findings;
}

}  // namespace lastack

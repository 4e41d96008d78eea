#include "judge/waits.h"

#include <algorithm>
#include <optional>
#include <string>
#include <variant>

#include <fmt/format.h>

#include "judge/app.h"
#include "judge/segments.h"
#include "judge/steps.h"

namespace lastack {
namespace {

// Since the last segment that changed one of these endpoints' state, because that is what a kernel
// timer counts from. Nothing if there was no such segment.
std::optional<Duration> TookStates(const StepRecord& record, const WaitState& states) {
  const int64_t reached_ns = record.events->of(record.number).sampled_ns;
  int64_t since_ns = 0;
  for (const auto& [endpoint, state] : states.states) {
    const EndpointTrace* trace = FindTrace(record.what, endpoint);
    for (const WireState& wire : trace == nullptr ? std::vector<WireState>{} : trace->wire) {
      if (wire.t_ns <= reached_ns) {
        since_ns = std::max(since_ns, wire.t_ns);
      }
    }
  }
  return since_ns == 0 || reached_ns == 0 ? std::nullopt
                                          : std::optional(Duration(reached_ns - since_ns));
}

// Whether the segment is in the capture of the host that sent it.
bool IsSent(const SegmentMatch& match, const SeenSegment& seen) {
  return seen.sent && (match.from.empty() || seen.host == match.from);
}

// The sending of the segment since the sending of the one before it that matches, at the sender's
// own tap: that is its retransmission timer, whoever was slow to look. Nothing if it was the first
// or its sending was not captured (the relay made it).
std::optional<Duration> TookSegment(const StepRecord& record, const WaitSegment& wait) {
  const EndpointTrace* trace = FindTrace(record.what, wait.match.connection);
  const SeenSegment* arrived = FindSegment(record.scenario, record.what, wait.match);
  if (arrived == nullptr) {
    return std::nullopt;
  }
  const SeenSegment* sent = nullptr;
  const SeenSegment* before = nullptr;
  for (const SeenSegment& seen : record.what.segments) {
    const bool matches = IsSent(wait.match, seen) &&
                         Matches(wait.match, seen, trace == nullptr ? nullptr : &trace->endpoint);
    if (matches && seen.t_ns <= arrived->t_ns) {
      before = sent;
      sent = &seen;
    }
  }
  return before == nullptr ? std::nullopt : std::optional(Duration(sent->t_ns - before->t_ns));
}

// What `took` is held against; of a wait that has no cause on the wire, since the step began.
Duration Took(const StepRecord& record, const WaitStep& wait, const WaitFinished& finished) {
  std::optional<Duration> took;
  if (const auto* states = std::get_if<WaitState>(&wait.what)) {
    took = TookStates(record, *states);
  } else if (const auto* segment = std::get_if<WaitSegment>(&wait.what)) {
    took = TookSegment(record, *segment);
  }
  return took.value_or(finished.took);
}

// What is wrong with one wait; nothing if it got what it waited for.
class Waiter {
 public:
  explicit Waiter(const StepRecord& record)
      : record_(record), step_(record.scenario.steps[static_cast<size_t>(record.number)]) {}

  std::optional<Finding> Waited(const WaitState& states, const WaitFinished& finished) {
    const auto& samples = record_.events->of(record_.number).last_samples;
    for (const auto& [endpoint, state] : states.states) {
      const auto sample = samples.find(endpoint);
      const bool fits = sample != samples.end() && sample->second->state == state;
      if (!fits || !finished.fulfilled) {
        const std::string saw = sample == samples.end()
                                    ? "no sample of it"
                                    : std::string(ToString(sample->second->state));
        if (!fits) {
          return Finding{.witness = Witness::kKernel,
                         .expected = fmt::format("{} in {}", endpoint, ToString(state)),
                         .actual = saw};
        }
      }
    }
    if (finished.fulfilled) {
      return std::nullopt;
    }
    return Finding{.witness = Witness::kKernel, .expected = step_.text, .actual = finished.saw};
  }
  std::optional<Finding> Waited(const WaitSegment& segment, const WaitFinished& finished) {
    if (FindSegment(record_.scenario, record_.what, segment.match) != nullptr) {
      return std::nullopt;
    }
    return Finding{.witness = Witness::kWire,
                   .expected = fmt::format("segment {} {} (number {})",
                                           segment.match.from,
                                           segment.match.flags,
                                           segment.match.nth ? segment.match.nth->min : 1),
                   .actual = finished.saw.empty() ? "no such segment in the receiver's capture"
                                                  : finished.saw};
  }
  std::optional<Finding> Waited(const WaitCall& call, const WaitFinished& finished) {
    if (ReturnedWrong(call.name)) {
      return std::nullopt;  // the finding is where the call stands
    }
    return Plain("call " + call.name + " to return", finished, Witness::kApp);
  }
  std::optional<Finding> Waited(const WaitExit& exit, const WaitFinished& finished) {
    const auto exits = Select<PeerExited>(record_.evidence.events);
    const bool exited = std::any_of(
        exits.begin(), exits.end(), [&](const auto& e) { return e.data->peer == exit.peer; });
    if (exited) {
      return std::nullopt;
    }
    return Plain("peer " + exit.peer + " to exit",
                 {.step = record_.number, .fulfilled = false, .took = {}, .saw = finished.saw},
                 Witness::kApp);
  }
  std::optional<Finding> Waited(const WaitFor& period, const WaitFinished& finished) {
    for (const auto& [event, sampled] : Select<KernelSampled>(record_.evidence.events)) {
      for (const StateSample& sample : sampled->samples) {
        for (const auto& [endpoint, state] : period.holds.states) {
          const bool differs = sample.endpoint == endpoint && sample.state != state;
          if (sampled->step == record_.number && differs) {
            return Finding{
                .witness = Witness::kKernel,
                .expected = fmt::format(
                    "{} in {} for {}", endpoint, ToString(state), FormatDuration(period.duration)),
                .actual = std::string(ToString(sample.state)),
                .events = {event->id}};
          }
        }
      }
    }
    return Plain(step_.text, finished, Witness::kKernel);
  }

 private:
  [[nodiscard]] bool ReturnedWrong(const std::string& async) const {
    for (size_t i = 0; i < record_.scenario.steps.size(); ++i) {
      const auto* rebind = std::get_if<RebindStep>(&record_.scenario.steps[i].what);
      if (rebind != nullptr && rebind->async == async) {
        const Rebound* rebound = record_.events->of(static_cast<int>(i)).rebound;
        return rebound != nullptr && CheckRebind(*rebind, *rebound);
      }
      const auto* call = std::get_if<CallStep>(&record_.scenario.steps[i].what);
      if (call != nullptr && call->async == async) {
        const auto end = EndOfCall(record_.evidence.events, static_cast<int>(i));
        return end && !end->timed_out && CheckCall(*call, *end);
      }
    }
    return false;
  }

  static std::optional<Finding> Plain(const std::string& expected,
                                      const WaitFinished& finished,
                                      Witness witness) {
    if (finished.fulfilled) {
      return std::nullopt;
    }
    return Finding{.witness = witness, .expected = expected, .actual = finished.saw};
  }

  const StepRecord& record_;
  const Step& step_;
};

}  // namespace

std::vector<Finding> CheckWait(const StepRecord& record, const WaitStep& wait) {
  const StepEvents& events = record.events->of(record.number);
  const WaitFinished& finished = *events.wait;
  Waiter waiter(record);
  std::vector<Finding> findings;
  auto finding =
      std::visit([&](const auto& what) { return waiter.Waited(what, finished); }, wait.what);
  if (finding && finished.fulfilled) {
    finding->note = "the runner took the wait for fulfilled, the evidence does not show it";
  }
  const auto took =
      CheckTook(wait.took, wait.took_place, Took(record, wait, finished), events.probe);
  for (const auto& one : {finding, took}) {
    if (one) {
      findings.push_back(*one);
    }
  }
  return findings;
}

const SeenSegment* FindSegment(const Scenario& scenario,
                               const Reconstruction& what,
                               const SegmentMatch& match) {
  const EndpointTrace* trace = FindTrace(what, match.connection);
  if (!match.connection.empty() && trace == nullptr) {
    return nullptr;
  }
  const bool known = match.from.empty() || FindHost(scenario, match.from) != nullptr;
  const int64_t wanted = match.nth ? match.nth->min : 1;
  int64_t nth = 0;
  for (const SeenSegment& seen : what.segments) {
    // In the receiver's capture: received, and (with `from`) at the other host. On lo both are one.
    const bool received = seen.loopback || !seen.sent;
    const bool from_fits =
        match.from.empty() || (seen.loopback ? seen.host == match.from : seen.host != match.from);
    if (known && received && from_fits &&
        Matches(match, seen, trace == nullptr ? nullptr : &trace->endpoint) && ++nth == wanted) {
      return &seen;
    }
  }
  return nullptr;
}

}  // namespace lastack

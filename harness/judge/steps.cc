#include "judge/steps.h"

#include <algorithm>
#include <map>
#include <string>
#include <variant>

#include <fmt/format.h>

#include "judge/segments.h"

namespace lastack {
namespace {

template <typename... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <typename... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

// The events of one step.
struct StepEvents {
  bool started = false;
  int64_t t_ns = 0;
  const StepFinished* finished = nullptr;
  const WaitFinished* wait = nullptr;
  const Rebound* rebound = nullptr;
  const CountersRead* counters = nullptr;
  const SocketDestroyed* destroyed = nullptr;
  const ProbeRead* probe = nullptr;
  std::map<std::string, const StateSample*> last_samples;  // endpoint → its last sample
  int64_t sampled_ns = 0;                                  // when the last samples were taken
  std::vector<int64_t> events;
};

class EventsByStep {
 public:
  explicit EventsByStep(const std::vector<Event>& events) {
    for (const Event& event : events) {
      std::visit([&](const auto& data) { Add(event, data); }, event.data);
    }
  }

  [[nodiscard]] const StepEvents& of(int step) { return by_step_[step]; }
  [[nodiscard]] const std::map<std::string, int64_t>& counters_before(const std::string& host) {
    return before_[host];
  }

 private:
  StepEvents& At(const Event& event, int step) {
    StepEvents& at = by_step_[step];
    at.events.push_back(event.id);
    return at;
  }
  void Add(const Event& event, const StepStarted& data) {
    StepEvents& at = At(event, data.step);
    at.started = true;
    at.t_ns = event.t_ns;
  }
  void Add(const Event& event, const StepFinished& data) { At(event, data.step).finished = &data; }
  void Add(const Event& event, const WaitFinished& data) { At(event, data.step).wait = &data; }
  void Add(const Event& event, const Rebound& data) { At(event, data.step).rebound = &data; }
  void Add(const Event& event, const ProbeRead& data) { At(event, data.step).probe = &data; }
  void Add(const Event& event, const SocketDestroyed& data) {
    At(event, data.step).destroyed = &data;
  }
  void Add(const Event& event, const CountersRead& data) {
    if (data.step == kBeforeFirstStep) {
      before_[data.host] = data.values;
    } else {
      At(event, data.step).counters = &data;
    }
  }
  void Add(const Event& event, const KernelSampled& data) {
    StepEvents& at = At(event, data.step);
    at.sampled_ns = std::max(at.sampled_ns, data.t1_ns);
    for (const StateSample& sample : data.samples) {
      at.last_samples[sample.endpoint] = &sample;
    }
  }
  template <typename T>
  void Add(const Event& /*event*/, const T& /*other*/) {}

  std::map<int, StepEvents> by_step_;
  std::map<std::string, std::map<std::string, int64_t>> before_;
};

Finding Missing(const Step& step, const std::string& what) {
  return {.witness = Witness::kHarness,
          .weight = Verdict::kError,
          .expected = {},
          .actual = what,
          .place = step.place};
}

// One step's check; `At` is the step's number.
class StepChecker {
 public:
  StepChecker(const Scenario& scenario,
              const Evidence& evidence,
              const Reconstruction& what,
              EventsByStep* events)
      : scenario_(scenario), evidence_(evidence), what_(what), events_(events) {}

  std::vector<Finding> Check(int number) {
    number_ = number;
    step_ = &scenario_.steps[static_cast<size_t>(number)];
    std::vector<Finding> findings =
        std::visit([&](const auto& step) { return Of(step); }, step_->what);
    for (Finding& finding : findings) {
      const auto& ids = events_->of(number).events;
      if (finding.events.empty()) {
        finding.events = ids;
      }
      if (finding.place == Place{}) {
        finding.place = step_->place;
      }
    }
    return findings;
  }

 private:
  static std::vector<Finding> List(std::optional<Finding> first,
                                   std::optional<Finding> second = std::nullopt) {
    std::vector<Finding> findings;
    for (auto* finding : {&first, &second}) {
      if (*finding) {
        findings.push_back(**finding);
      }
    }
    return findings;
  }

  std::vector<Finding> Of(const CallStep& call) {
    const auto end = EndOfCall(evidence_.events, number_);
    if (!end) {
      return {Missing(*step_, "the record holds no end of this call")};
    }
    std::optional<Finding> took;
    if (!end->results.empty()) {
      const Duration duration(end->results.back().t1_ns - end->results.front().t0_ns);
      took = CheckTook(
          call.expected.took, call.expected.took_place, duration, events_->of(number_).probe);
    }
    return List(CheckCall(call, *end), took);
  }
  std::vector<Finding> Of(const RebindStep& rebind) {
    const Rebound* rebound = events_->of(number_).rebound;
    if (rebound == nullptr) {
      return {Missing(*step_, "the record holds no result of this rebind")};
    }
    return List(CheckRebind(rebind, *rebound),
                CheckTook(rebind.expected.took,
                          rebind.expected.took_place,
                          rebound->latency,
                          events_->of(number_).probe));
  }
  std::vector<Finding> Of(const CounterStep& counter) {
    const CountersRead* read = events_->of(number_).counters;
    if (read == nullptr) {
      return {Missing(*step_, "the record holds no reading of the counters")};
    }
    return List(
        CheckCounters(counter, step_->place, events_->counters_before(counter.host), read->values));
  }
  std::vector<Finding> Of(const DestroyStep& destroy) {
    const SocketDestroyed* destroyed = events_->of(number_).destroyed;
    if (destroyed == nullptr) {
      return {Missing(*step_, "the record holds no result of this destroy")};
    }
    if (destroyed->error.empty()) {
      return {};
    }
    return {{.witness = Witness::kKernel,
             .expected = "destroy " + destroy.endpoint,
             .actual = destroyed->error}};
  }
  static std::vector<Finding> Of(const SignalStep& /*signal*/) { return {}; }
  static std::vector<Finding> Of(const HostStep& /*host*/) { return {}; }
  static std::vector<Finding> Of(const WireStep& /*wire*/) { return {}; }

  std::vector<Finding> Of(const WaitStep& wait) {
    const WaitFinished* finished = events_->of(number_).wait;
    if (finished == nullptr) {
      return {Missing(*step_, "the record holds no end of this wait")};
    }
    auto finding = std::visit([&](const auto& what) { return Waited(what, *finished); }, wait.what);
    if (finding && finished->fulfilled) {
      finding->note = "the runner took the wait for fulfilled, the evidence does not show it";
    }
    return List(
        finding,
        CheckTook(wait.took, wait.took_place, Took(wait, *finished), events_->of(number_).probe));
  }

  // Of a wait for states: since the last segment that changed one of these endpoints' state,
  // because that is what a kernel timer counts from. Of any other wait, or if there was no such
  // segment: since the step began.
  [[nodiscard]] Duration Took(const WaitStep& wait, const WaitFinished& finished) const {
    const auto* states = std::get_if<WaitState>(&wait.what);
    const int64_t reached_ns = events_->of(number_).sampled_ns;
    if (states == nullptr || reached_ns == 0) {
      return finished.took;
    }
    int64_t since_ns = 0;
    for (const auto& [endpoint, state] : states->states) {
      const EndpointTrace* trace = FindTrace(what_, endpoint);
      for (const WireState& wire : trace == nullptr ? std::vector<WireState>{} : trace->wire) {
        if (wire.t_ns <= reached_ns) {
          since_ns = std::max(since_ns, wire.t_ns);
        }
      }
    }
    return since_ns == 0 ? finished.took : Duration(reached_ns - since_ns);
  }

  std::optional<Finding> Waited(const WaitState& states, const WaitFinished& finished) {
    const auto& samples = events_->of(number_).last_samples;
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
    return Finding{.witness = Witness::kKernel, .expected = step_->text, .actual = finished.saw};
  }
  std::optional<Finding> Waited(const WaitSegment& segment, const WaitFinished& finished) {
    if (FindSegment(scenario_, what_, segment.match) != nullptr) {
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
    const auto exits = Select<PeerExited>(evidence_.events);
    const bool exited = std::any_of(
        exits.begin(), exits.end(), [&](const auto& e) { return e.data->peer == exit.peer; });
    if (exited) {
      return std::nullopt;
    }
    return Plain("peer " + exit.peer + " to exit",
                 {.step = number_, .fulfilled = false, .took = {}, .saw = finished.saw},
                 Witness::kApp);
  }
  std::optional<Finding> Waited(const WaitFor& period, const WaitFinished& finished) {
    for (const auto& [event, sampled] : Select<KernelSampled>(evidence_.events)) {
      for (const StateSample& sample : sampled->samples) {
        for (const auto& [endpoint, state] : period.holds.states) {
          const bool differs = sample.endpoint == endpoint && sample.state != state;
          if (sampled->step == number_ && differs) {
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
    return Plain(step_->text, finished, Witness::kKernel);
  }

  [[nodiscard]] bool ReturnedWrong(const std::string& async) const {
    for (size_t i = 0; i < scenario_.steps.size(); ++i) {
      const auto* rebind = std::get_if<RebindStep>(&scenario_.steps[i].what);
      if (rebind != nullptr && rebind->async == async) {
        const Rebound* rebound = events_->of(static_cast<int>(i)).rebound;
        return rebound != nullptr && CheckRebind(*rebind, *rebound);
      }
      const auto* call = std::get_if<CallStep>(&scenario_.steps[i].what);
      if (call != nullptr && call->async == async) {
        const auto end = EndOfCall(evidence_.events, static_cast<int>(i));
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

  const Scenario& scenario_;
  const Evidence& evidence_;
  const Reconstruction& what_;
  EventsByStep* events_;
  int number_ = 0;
  const Step* step_ = nullptr;
};

}  // namespace

StepsChecked CheckSteps(const Scenario& scenario,
                        const Evidence& evidence,
                        const Reconstruction& what) {
  EventsByStep events(evidence.events);
  StepChecker checker(scenario, evidence, what, &events);
  StepsChecked checked;
  for (int i = 0; static_cast<size_t>(i) < scenario.steps.size(); ++i) {
    const StepEvents& at = events.of(i);
    if (!at.started) {
      if (checked.findings.empty()) {
        checked.findings.push_back(Missing(scenario.steps[static_cast<size_t>(i)],
                                           fmt::format("the record ends before step {}", i + 1)));
      }
      return checked;
    }
    if (at.finished != nullptr && !at.finished->problem.empty()) {
      checked.findings.push_back(
          Missing(scenario.steps[static_cast<size_t>(i)], at.finished->problem));
      return checked;
    }
    for (Finding& finding : checker.Check(i)) {
      checked.findings.push_back(std::move(finding));
    }
  }
  checked.all_done = true;
  return checked;
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

std::optional<CallEnd> EndOfCall(const std::vector<Event>& events, int step) {
  std::optional<CallEnd> last;  // `pass` is two calls: the receiver's end is the later one
  for (const Event& event : events) {
    if (const auto* finished = std::get_if<CallFinished>(&event.data);
        finished != nullptr && finished->step == step) {
      last = CallEnd{.results = finished->results};
    }
    if (const auto* abandoned = std::get_if<CallAbandoned>(&event.data);
        abandoned != nullptr && abandoned->step == step) {
      last = CallEnd{.results = {},
                     .killed = abandoned->killed,
                     .exited = abandoned->exited,
                     .timed_out = !abandoned->killed && !abandoned->exited};
    }
  }
  return last;
}

}  // namespace lastack

#include "judge/steps.h"

#include <algorithm>
#include <map>
#include <string>
#include <variant>

#include <fmt/format.h>

#include "base/overloaded.h"
#include "judge/step_events.h"
#include "judge/waits.h"

namespace lastack {
namespace {

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
    if (events_->of(number_).wait == nullptr) {
      return {Missing(*step_, "the record holds no end of this wait")};
    }
    return CheckWait({scenario_, evidence_, what_, events_, number_}, wait);
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

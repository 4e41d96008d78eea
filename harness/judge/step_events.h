// The events of a run by the step they belong to.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "record/event.h"

namespace lastack {

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

}  // namespace lastack

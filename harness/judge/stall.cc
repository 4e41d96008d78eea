#include "judge/stall.h"

#include <variant>

#include <fmt/format.h>

#include "base/time.h"

namespace lastack {

std::vector<Stall> Stalls(const std::vector<Event>& events) {
  std::vector<Stall> stalls;
  int64_t step_ns = 0;
  for (const Event& event : events) {
    if (std::holds_alternative<StepStarted>(event.data)) {
      step_ns = event.t_ns;
    } else if (const auto* probe = std::get_if<ProbeRead>(&event.data);
               probe != nullptr && probe->value > probe->margin) {
      stalls.push_back({step_ns, event.t_ns, probe});
    }
  }
  return stalls;
}

std::string Describe(const ProbeRead& probe) {
  return fmt::format("{} of {} in this step (margin {})",
                     probe.name,
                     FormatDuration(probe.value),
                     FormatDuration(probe.margin));
}

}  // namespace lastack

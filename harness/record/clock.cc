// Converts realtime to the runner's monotonic time by the offsets that were read.
#include "record/clock.h"

#include <algorithm>
#include <cmath>

namespace lastack {
namespace {

// Differences and sums that wrap: evidence may hold any number, and nonsense must not be undefined.
int64_t Minus(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}
int64_t Plus(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

}  // namespace

ClockOffsets::ClockOffsets(const std::vector<Event>& events) {
  for (const Event& event : events) {
    if (const auto* read = std::get_if<ClockRead>(&event.data)) {
      readings_[event.source].push_back(
          {read->realtime_ns, Minus(read->monotonic_ns, read->realtime_ns)});
    }
  }
  for (auto& [source, readings] : readings_) {
    std::stable_sort(readings.begin(), readings.end(), [](const Reading& a, const Reading& b) {
      return a.realtime_ns < b.realtime_ns;
    });
  }
}

const std::vector<ClockOffsets::Reading>* ClockOffsets::Find(const std::string& source) const {
  auto found = readings_.find(source);
  if (found == readings_.end()) {
    found = readings_.find("runner");
  }
  return found == readings_.end() ? nullptr : &found->second;
}

int64_t ClockOffsets::ToMonotonic(const std::string& source, int64_t realtime_ns) const {
  const std::vector<Reading>* readings = Find(source);
  if (readings == nullptr) {
    return realtime_ns;
  }
  const auto after = std::upper_bound(
      readings->begin(), readings->end(), realtime_ns, [](int64_t time, const Reading& reading) {
        return time < reading.realtime_ns;
      });
  if (after == readings->begin()) {
    return Plus(realtime_ns, readings->front().offset_ns);
  }
  const Reading& before = *std::prev(after);
  if (after == readings->end()) {
    return Plus(realtime_ns, before.offset_ns);
  }
  // `after` is later than `before`, so nothing is divided by zero.
  const double share = static_cast<double>(Minus(realtime_ns, before.realtime_ns)) /
                       static_cast<double>(Minus(after->realtime_ns, before.realtime_ns));
  const auto change = static_cast<double>(Minus(after->offset_ns, before.offset_ns));
  return Plus(realtime_ns, Plus(before.offset_ns, std::llround(share * change)));
}

Duration ClockOffsets::Disagreement(const std::string& source) const {
  const std::vector<Reading>* readings = Find(source);
  if (readings == nullptr) {
    return {};
  }
  const auto [least, most] = std::minmax_element(
      readings->begin(), readings->end(), [](const Reading& a, const Reading& b) {
        return a.offset_ns < b.offset_ns;
      });
  return Duration(Minus(most->offset_ns, least->offset_ns));
}

}  // namespace lastack

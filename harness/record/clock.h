// Brings the times of every source onto one clock: the runner's CLOCK_MONOTONIC.
//
// Taps stamp CLOCK_REALTIME, which may be slewed or set during a run; each source therefore read
// both of its clocks together at the start and at the end (ClockRead). Hosts on one kernel share
// CLOCK_MONOTONIC with the runner. Pure; units are nanoseconds.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "record/event.h"

namespace lastack {

class ClockOffsets {
 public:
  // Takes the ClockRead events; the others do not matter.
  explicit ClockOffsets(const std::vector<Event>& events);

  // A time that `source` ("host:server") stamped with CLOCK_REALTIME, as monotonic time. Between
  // two readings the offset is interpolated, outside it is that of the nearest one. A source
  // without a reading is taken to share the runner's clocks; without any reading at all the time
  // comes back unchanged.
  [[nodiscard]] int64_t ToMonotonic(const std::string& source, int64_t realtime_ns) const;

  // How far the offsets that this source read differ: more than the drift of a clock (500 ppm at
  // most) means that the clock was set during the run. Zero with fewer than two readings.
  [[nodiscard]] Duration Disagreement(const std::string& source) const;

 private:
  struct Reading {
    int64_t realtime_ns;
    int64_t offset_ns;  // monotonic - realtime
  };

  [[nodiscard]] const std::vector<Reading>* Find(const std::string& source) const;

  std::map<std::string, std::vector<Reading>> readings_;  // of each source, by realtime
};

}  // namespace lastack

// Durations, clocks and deadlines.
//
// Units: every duration is std::chrono::nanoseconds; every raw clock reading is nanoseconds in an
// int64_t whose name ends in _ns and says with it which clock it belongs to.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lastack {

using Duration = std::chrono::nanoseconds;

// CLOCK_MONOTONIC and CLOCK_REALTIME, in nanoseconds.
[[nodiscard]] int64_t MonotonicNs();
[[nodiscard]] int64_t RealtimeNs();

// Both clocks read together: the tightest of several attempts, so that a preempted thread does not
// spoil their offset.
struct ClockPair {
  int64_t monotonic_ns = 0;
  int64_t realtime_ns = 0;
};
[[nodiscard]] ClockPair ReadBothClocks();

// A moment on CLOCK_MONOTONIC until which something may take.
class Deadline {
 public:
  explicit Deadline(Duration from_now) : at_ns_(MonotonicNs() + from_now.count()) {}
  [[nodiscard]] bool Expired() const { return MonotonicNs() >= at_ns_; }
  // What is left; never negative.
  [[nodiscard]] Duration Left() const;
  // What is left as a timeout for poll(2): milliseconds, rounded up.
  [[nodiscard]] int PollTimeout() const;

 private:
  int64_t at_ns_;
};

// "250ms", "2s", "1.5s", "100us", "10ns", "1min". Nothing if it is not a number with one of these
// units.
[[nodiscard]] std::optional<Duration> ParseDuration(std::string_view text);

// For people: "61.09 s", "250.0 ms", "12.3 µs", "40 ns".
[[nodiscard]] std::string FormatDuration(Duration duration);

}  // namespace lastack

#include "base/time.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <ctime>
#include <limits>
#include <utility>

#include <fmt/format.h>

namespace lastack {
namespace {

constexpr int64_t kNsPerSecond = 1'000'000'000;
constexpr int64_t kNsPerMs = 1'000'000;
constexpr int64_t kNsPerUs = 1'000;

int64_t ReadClock(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<int64_t>(now.tv_sec) * kNsPerSecond + now.tv_nsec;
}

}  // namespace

int64_t MonotonicNs() {
  return ReadClock(CLOCK_MONOTONIC);
}
int64_t RealtimeNs() {
  return ReadClock(CLOCK_REALTIME);
}

ClockPair ReadBothClocks() {
  constexpr int kAttempts = 5;
  ClockPair best;
  int64_t tightest = std::numeric_limits<int64_t>::max();
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const int64_t before = MonotonicNs();
    const int64_t realtime = RealtimeNs();
    const int64_t after = MonotonicNs();
    if (after - before < tightest) {
      tightest = after - before;
      best = {before + (after - before) / 2, realtime};
    }
  }
  return best;
}

Duration Deadline::Left() const {
  return Duration(std::max<int64_t>(0, at_ns_ - MonotonicNs()));
}

int Deadline::PollTimeout() const {
  const int64_t left_ms = (Left().count() + kNsPerMs - 1) / kNsPerMs;
  return static_cast<int>(std::min<int64_t>(left_ms, std::numeric_limits<int>::max()));
}

std::optional<Duration> ParseDuration(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, int64_t>, 5> kUnits = {{
      {"ns", 1},
      {"us", kNsPerUs},
      {"ms", kNsPerMs},
      {"s", kNsPerSecond},
      {"min", 60 * kNsPerSecond},
  }};
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (error != std::errc() || number < 0) {
    return std::nullopt;
  }
  const std::string_view unit(rest, static_cast<size_t>(end - rest));
  for (const auto& [name, factor] : kUnits) {
    const double result = number * static_cast<double>(factor);
    if (unit == name && result < 9e18) {
      return Duration(std::llround(result));
    }
  }
  return std::nullopt;
}

std::string FormatDuration(Duration duration) {
  const int64_t ns = duration.count();
  const int64_t magnitude = ns < 0 ? -ns : ns;
  const auto value = static_cast<double>(ns);
  if (magnitude >= kNsPerSecond) {
    return fmt::format("{:.2f} s", value / static_cast<double>(kNsPerSecond));
  }
  if (magnitude >= kNsPerMs) {
    return fmt::format("{:.1f} ms", value / static_cast<double>(kNsPerMs));
  }
  if (magnitude >= kNsPerUs) {
    return fmt::format("{:.1f} µs", value / static_cast<double>(kNsPerUs));
  }
  return fmt::format("{} ns", ns);
}

}  // namespace lastack

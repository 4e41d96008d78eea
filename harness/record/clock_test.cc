// Realtime of a host becomes monotonic time of the runner.
#include "record/clock.h"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace lastack {
namespace {

using std::chrono::milliseconds;

constexpr int64_t kRealtime = 1'700'000'000'000'000'000;
constexpr int64_t kSecond = 1'000'000'000;

Event Read(const std::string& source, int64_t monotonic_ns, int64_t realtime_ns) {
  return {1, source, Clock::kMonotonic, monotonic_ns, ClockRead{monotonic_ns, realtime_ns}};
}

TEST(ClockOffsets, OneReadingGivesAConstantOffset) {
  const ClockOffsets clocks({Read("host:server", 5 * kSecond, kRealtime)});
  EXPECT_EQ(clocks.ToMonotonic("host:server", kRealtime), 5 * kSecond);
  EXPECT_EQ(clocks.ToMonotonic("host:server", kRealtime + 7), 5 * kSecond + 7);
  EXPECT_EQ(clocks.ToMonotonic("host:server", kRealtime - 7), 5 * kSecond - 7);
  EXPECT_EQ(clocks.Disagreement("host:server"), Duration(0));
}

TEST(ClockOffsets, DriftIsInterpolatedAndConstantOutside) {
  // Realtime gains 1 ms in 10 s. The order of the readings does not matter.
  const int64_t end = kRealtime + 10 * kSecond + 1'000'000;
  const ClockOffsets clocks(
      {Read("host:client", 10 * kSecond, end), Read("host:client", 0, kRealtime)});
  EXPECT_EQ(clocks.ToMonotonic("host:client", kRealtime), 0);
  EXPECT_EQ(clocks.ToMonotonic("host:client", kRealtime + (end - kRealtime) / 2), 5 * kSecond);
  EXPECT_EQ(clocks.ToMonotonic("host:client", end), 10 * kSecond);
  EXPECT_EQ(clocks.ToMonotonic("host:client", kRealtime - 3), -3);
  EXPECT_EQ(clocks.ToMonotonic("host:client", end + 3), 10 * kSecond + 3);
  EXPECT_EQ(clocks.Disagreement("host:client"), milliseconds(1));
}

TEST(ClockOffsets, InterpolationUsesTheNeighbouringReadings) {
  const ClockOffsets clocks({Read("h", 0, 1000), Read("h", 1000, 2000), Read("h", 3000, 3000)});
  EXPECT_EQ(clocks.ToMonotonic("h", 1500), 500);
  EXPECT_EQ(clocks.ToMonotonic("h", 2500), 2000);
}

TEST(ClockOffsets, ClockSetDuringTheRunShows) {
  const ClockOffsets forward(
      {Read("h", 0, kRealtime), Read("h", kSecond, kRealtime + kSecond + 3'600 * kSecond)});
  EXPECT_EQ(forward.Disagreement("h"), std::chrono::hours(1));
  const ClockOffsets back(
      {Read("h", 0, kRealtime), Read("h", kSecond, kRealtime + kSecond - 3'600 * kSecond)});
  EXPECT_EQ(back.Disagreement("h"), std::chrono::hours(1));
}

TEST(ClockOffsets, EachSourceHasItsOwnOffset) {
  const ClockOffsets clocks({Read("runner", 100, 1100), Read("host:server", 100, 2100)});
  EXPECT_EQ(clocks.ToMonotonic("host:server", 2200), 200);
  EXPECT_EQ(clocks.ToMonotonic("runner", 2200), 1200);
  EXPECT_EQ(clocks.ToMonotonic("host:client", 2200), 1200) << "without a reading: the runner's";
}

TEST(ClockOffsets, WithoutAnyReadingTimesStayAsTheyAre) {
  const ClockOffsets clocks({});
  EXPECT_EQ(clocks.ToMonotonic("runner", 42), 42);
  EXPECT_EQ(clocks.Disagreement("runner"), Duration(0));
}

TEST(ClockOffsets, NonsenseIsNotUndefined) {
  constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  const ClockOffsets clocks(
      {Read("h", kMost, kLeast), Read("h", kLeast, kMost), Read("h", 0, 0), Read("h", 1, 0)});
  for (const int64_t time : {kLeast, int64_t{-1}, int64_t{0}, int64_t{1}, kMost}) {
    (void)clocks.ToMonotonic("h", time);
  }
  (void)clocks.Disagreement("h");
}

}  // namespace
}  // namespace lastack

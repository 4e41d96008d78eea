#include "rebind/statistics.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lastack {
namespace {

TEST(Summarize, GivesSamplesByNearestRank) {
  std::vector<int64_t> values;
  for (int64_t i = 100; i > 0; --i) {
    values.push_back(i * 10);
  }
  const Percentiles expected{.min = 10, .p50 = 500, .p90 = 900, .p99 = 990, .max = 1000};
  EXPECT_EQ(Summarize(values), expected);
}

TEST(Summarize, OfOneSampleIsThatSample) {
  const Percentiles expected{.min = 7, .p50 = 7, .p90 = 7, .p99 = 7, .max = 7};
  EXPECT_EQ(Summarize({7}), expected);
}

TEST(Summarize, OfNothingIsNothing) {
  EXPECT_EQ(Summarize({}), std::nullopt);
}

std::vector<Point> PointsOf(double fixed, double factor, double exponent) {
  std::vector<Point> points = {{.n = 0, .ns = fixed}};
  for (double n = 1; n <= 100'000; n *= 10) {
    points.push_back({.n = n, .ns = fixed + factor * std::pow(n, exponent)});
  }
  return points;
}

class PowerLawOf : public testing::TestWithParam<double> {};

TEST_P(PowerLawOf, ExactPointsIsFound) {
  const auto law = FitPowerLaw(PointsOf(30'000, 20, GetParam()));
  ASSERT_TRUE(law);
  EXPECT_NEAR(law->exponent, GetParam(), 0.02);
  EXPECT_NEAR(law->fixed, 30'000, 600);
  EXPECT_LT(law->worst, 0.05);
  EXPECT_FALSE(law->IsFlat(100'000));
}

INSTANTIATE_TEST_SUITE_P(Exponents, PowerLawOf, testing::Values(0.8, 1.0, 1.1, 1.5, 2.0));

TEST(FitPowerLaw, ToleratesTenPerCent) {
  std::vector<Point> points = PointsOf(30'000, 20, 1);
  for (size_t i = 0; i < points.size(); ++i) {
    points[i].ns *= i % 2 == 0 ? 1.1 : 0.9;
  }
  const auto law = FitPowerLaw(points);
  ASSERT_TRUE(law);
  EXPECT_NEAR(law->exponent, 1, 0.15);
  EXPECT_TRUE(law->IsSteady());
}

TEST(FitPowerLaw, WhatDoesNotGrowIsFlat) {
  const auto law = FitPowerLaw({{10, 200}, {1, 205}, {100, 195}, {1000, 203}, {10'000, 198}});
  ASSERT_TRUE(law);
  EXPECT_TRUE(law->IsFlat(10'000));
  EXPECT_THAT(ToString(*law, 10'000), testing::StartsWith("flat, "));
}

TEST(FitPowerLaw, WhatJumpsIsNoLaw) {
  const auto law =
      FitPowerLaw({{0, 100}, {1, 9000}, {10, 120}, {100, 8000}, {1000, 90}, {10'000, 20'000}});
  ASSERT_TRUE(law);
  EXPECT_FALSE(law->IsSteady());
  EXPECT_THAT(ToString(*law, 10'000), testing::HasSubstr("no power law"));
}

TEST(FitPowerLaw, NeedsMorePointsThanParameters) {
  EXPECT_FALSE(FitPowerLaw({{0, 100}, {1, 110}, {10, 200}}));
  EXPECT_FALSE(FitPowerLaw({{0, 100}, {0, 110}, {0, 200}, {0, 300}, {1, 5}}));
}

TEST(PowerLaw, IsPrintedWithItsExponent) {
  EXPECT_EQ(ToString(PowerLaw{.fixed = 210'000, .factor = 19.26, .exponent = 1.04}, 1e6),
            "210.0 µs + 19.3 ns·N^1.04");
}

}  // namespace
}  // namespace lastack

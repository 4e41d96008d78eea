// Percentiles of samples, and the law by which a time grows with the number of connections.
//
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lastack {

// Nearest rank: each is one of the samples.
struct Percentiles {
  int64_t min = 0;
  int64_t p50 = 0;
  int64_t p90 = 0;
  int64_t p99 = 0;
  int64_t max = 0;

  bool operator==(const Percentiles&) const = default;
};

// Nothing of nothing.
[[nodiscard]] std::optional<Percentiles> Summarize(std::vector<int64_t> values);
// The lower of the two in the middle; 0 of nothing.
[[nodiscard]] int64_t Median(std::vector<int64_t> values);

struct Point {
  double n = 0;  // connections
  double ns = 0;
};

// ns = fixed + factor × n^exponent.
struct PowerLaw {
  double fixed = 0;
  double factor = 0;
  double exponent = 0;
  double worst = 0;  // the largest relative deviation of a point, 0.1 is ten per cent

  // n connections take less than half as long again as one.
  [[nodiscard]] bool IsFlat(double n) const;
  // The points follow it well enough for the exponent to mean something.
  [[nodiscard]] bool IsSteady() const;
};

// The law with the smallest sum of squared relative deviations; neither part is negative. Nothing
// with fewer than four different n, which three parameters would fit whatever they are.
[[nodiscard]] std::optional<PowerLaw> FitPowerLaw(const std::vector<Point>& points);

// "210.0 µs + 19.3 ns·N^1.04", "flat, 200 ns", "no power law: …".
[[nodiscard]] std::string ToString(const PowerLaw& law, double largest_n);

}  // namespace lastack

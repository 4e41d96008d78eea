#include "rebind/statistics.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/time.h"

namespace lastack {
namespace {

constexpr double kLargestExponent = 3;
constexpr double kExponentStep = 0.01;
constexpr double kFlat = 1.5;
constexpr double kSteady = 0.5;  // the largest deviation of a point that is no outlier

int64_t NearestRank(const std::vector<int64_t>& sorted, double percent) {
  const double rank = std::ceil(percent / 100 * static_cast<double>(sorted.size()));
  return sorted[static_cast<size_t>(std::max(rank, 1.0)) - 1];
}

double At(const PowerLaw& law, double n) {
  return law.fixed + (n > 0 ? law.factor * std::pow(n, law.exponent) : 0);
}

double SquaredDeviations(const PowerLaw& law, const std::vector<Point>& points) {
  double sum = 0;
  for (const Point& point : points) {
    const double deviation = At(law, point.n) / point.ns - 1;
    sum += deviation * deviation;
  }
  return sum;
}

// The best law with this exponent: weighted linear least squares for its other two parameters; on
// the boundary where one of them would be negative.
PowerLaw BestWithExponent(double exponent, const std::vector<Point>& points) {
  double ww = 0;
  double wx = 0;
  double xx = 0;
  double wy = 0;
  double xy = 0;
  for (const Point& point : points) {
    const double w = 1 / point.ns;  // of the fixed part, relative
    const double x = point.n > 0 ? std::pow(point.n, exponent) / point.ns : 0;
    ww += w * w;
    wx += w * x;
    xx += x * x;
    wy += w;
    xy += x;
  }
  PowerLaw law{.exponent = exponent};
  const double determinant = ww * xx - wx * wx;
  if (determinant > 0) {
    law.fixed = (wy * xx - xy * wx) / determinant;
    law.factor = (ww * xy - wx * wy) / determinant;
  }
  if (law.factor < 0 || determinant <= 0) {
    law.fixed = wy / ww;
    law.factor = 0;
  } else if (law.fixed < 0) {
    law.fixed = 0;
    law.factor = xy / xx;
  }
  return law;
}

}  // namespace

std::optional<Percentiles> Summarize(std::vector<int64_t> values) {
  if (values.empty()) {
    return std::nullopt;
  }
  std::sort(values.begin(), values.end());
  return Percentiles{.min = values.front(),
                     .p50 = NearestRank(values, 50),
                     .p90 = NearestRank(values, 90),
                     .p99 = NearestRank(values, 99),
                     .max = values.back()};
}

int64_t Median(std::vector<int64_t> values) {
  const std::optional<Percentiles> summary = Summarize(std::move(values));
  return summary ? summary->p50 : 0;
}

bool PowerLaw::IsFlat(double n) const {
  return At(*this, n) < At(*this, 1) * kFlat;
}

bool PowerLaw::IsSteady() const {
  return worst < kSteady && exponent < kLargestExponent - kExponentStep / 2;
}

std::optional<PowerLaw> FitPowerLaw(const std::vector<Point>& points) {
  std::set<double> different;
  for (const Point& point : points) {
    if (point.ns <= 0) {
      return std::nullopt;
    }
    different.insert(point.n);
  }
  if (different.size() < 4) {
    return std::nullopt;
  }
  PowerLaw best;
  double least = std::numeric_limits<double>::infinity();
  for (int step = 1; step * kExponentStep <= kLargestExponent; ++step) {
    const PowerLaw law = BestWithExponent(step * kExponentStep, points);
    if (const double sum = SquaredDeviations(law, points); sum < least) {
      least = sum;
      best = law;
    }
  }
  for (const Point& point : points) {
    best.worst = std::max(best.worst, std::abs(At(best, point.n) / point.ns - 1));
  }
  return best;
}

std::string ToString(const PowerLaw& law, double largest_n) {
  const auto text = [](double ns) { return FormatDuration(Duration(static_cast<int64_t>(ns))); };
  if (law.IsFlat(largest_n)) {
    return "flat, " + text(At(law, 1));
  }
  if (!law.IsSteady()) {
    return fmt::format("no power law: the best is {:.0f} % off at one N", law.worst * 100);
  }
  return fmt::format("{} + {:.3g} ns·N^{:.2f}", text(law.fixed), law.factor, law.exponent);
}

}  // namespace lastack

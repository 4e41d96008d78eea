// Logarithmic axes of a plot, and the SVG elements it is made of.
//
// Pure.
#pragma once

#include <string>
#include <string_view>

namespace lastack {

// A decade scale between two pixels.
struct LogAxis {
  double least = 1;  // value at `from`
  double most = 10;  // value at `to`
  double from = 0;
  double to = 1;

  [[nodiscard]] double At(double value) const;
};

// Grown to whole decades, so that every tick has a label.
[[nodiscard]] LogAxis DecadeAxis(double least, double most, double from, double to);

struct Dash {
  std::string_view colour = "#000";
  double width = 1;
  std::string_view dashes = "none";
  double opacity = 1;
};

[[nodiscard]] std::string SvgLine(double x1, double y1, double x2, double y2, const Dash& dash);
// `anchor`: start, middle, end.
[[nodiscard]] std::string SvgText(double x,
                                  double y,
                                  std::string_view text,
                                  std::string_view anchor,
                                  std::string_view style = "");
[[nodiscard]] std::string SvgCircle(double x, double y, double radius, const Dash& fill);
[[nodiscard]] std::string SvgCross(double x, double y, const Dash& dash);

}  // namespace lastack

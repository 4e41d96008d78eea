#include "rebind/plot_axes.h"

#include <cmath>

#include <fmt/format.h>

#include "base/markup.h"

namespace lastack {

double LogAxis::At(double value) const {
  const double share = std::log10(value / least) / std::log10(most / least);
  return from + share * (to - from);
}

LogAxis DecadeAxis(double least, double most, double from, double to) {
  LogAxis axis{.least = std::pow(10, std::floor(std::log10(least))),
               .most = std::pow(10, std::ceil(std::log10(most))),
               .from = from,
               .to = to};
  if (axis.most <= axis.least) {
    axis.most = axis.least * 10;
  }
  return axis;
}

std::string SvgLine(double x1, double y1, double x2, double y2, const Dash& dash) {
  return fmt::format(
      "<line x1='{:.1f}' y1='{:.1f}' x2='{:.1f}' y2='{:.1f}' stroke='{}' stroke-width='{}' "
      "stroke-dasharray='{}' opacity='{}'/>\n",
      x1,
      y1,
      x2,
      y2,
      dash.colour,
      dash.width,
      dash.dashes,
      dash.opacity);
}

std::string SvgText(
    double x, double y, std::string_view text, std::string_view anchor, std::string_view style) {
  return fmt::format("<text x='{:.1f}' y='{:.1f}' text-anchor='{}' style='{}'>{}</text>\n",
                     x,
                     y,
                     anchor,
                     style,
                     EscapeMarkup(text));
}

std::string SvgCircle(double x, double y, double radius, const Dash& fill) {
  return fmt::format("<circle cx='{:.1f}' cy='{:.1f}' r='{}' fill='{}' opacity='{}'/>\n",
                     x,
                     y,
                     radius,
                     fill.colour,
                     fill.opacity);
}

std::string SvgCross(double x, double y, const Dash& dash) {
  constexpr double kArm = 3.5;
  return SvgLine(x - kArm, y - kArm, x + kArm, y + kArm, dash) +
         SvgLine(x - kArm, y + kArm, x + kArm, y - kArm, dash);
}

}  // namespace lastack

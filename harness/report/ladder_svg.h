// Draws a ladder as SVG.
#pragma once

#include <string>
#include <string_view>

#include "report/ladder.h"

namespace lastack {

enum class SvgShape {
  kWide,    // for a screen or paper
  kNarrow,  // for a telephone: calls stand between the lanes, no times
};

// One <svg> element for a page that has LadderStyle(); `id` makes its inner ids unique there.
[[nodiscard]] std::string DrawSvg(const Ladder& ladder, SvgShape shape, const std::string& id);

// A whole file, with the style in it; light or dark as the reader prefers. `badge` is the verdict;
// the headline and the details are a line each.
[[nodiscard]] std::string DrawSvgFile(const Ladder& ladder,
                                      const std::string& badge,
                                      const std::string& headline,
                                      const std::string& details);

// The rules (CSS) of all drawings. Colours are custom properties of `:root`.
[[nodiscard]] std::string_view LadderStyle();
// The custom properties: light, and inside of a media query dark.
[[nodiscard]] std::string_view ColourStyle();

}  // namespace lastack

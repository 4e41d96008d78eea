// What the parts of a drawing share: the columns, and how text, hints and frames are written.
#pragma once

#include <array>
#include <iterator>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "report/ladder.h"
#include "report/ladder_layout.h"
#include "report/ladder_svg.h"

namespace lastack {

// Where the columns are.
struct SvgColumns {
  double width = 0;
  double time = 0;               // right edge
  std::array<double, 2> text{};  // nearest edge to the lanes
  std::array<double, 2> lane{};  // left edges
  double lane_width = 0;
  std::array<double, 2> rail{};  // ends of the arrows
  double top = 0;                // of the lanes, below the titles
  LadderWidths widths;
};

class SvgPen {
 public:
  static constexpr double kLine = 15;     // height of a line of text
  static constexpr double kBaseline = 4;  // from the middle of a line of text to its baseline

  explicit SvgPen(SvgShape shape);

  template <typename... Arguments>
  void Out(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(svg_), format, std::forward<Arguments>(arguments)...);
  }
  [[nodiscard]] std::string Take() { return std::move(svg_); }

  [[nodiscard]] const SvgColumns& at() const { return at_; }
  [[nodiscard]] bool narrow() const { return at_.widths.narrow; }
  // From a y of the layout to one of the drawing.
  [[nodiscard]] double Y(double y) const { return at_.top + y; }

  // What a mouse over the element shows; a telephone has none.
  [[nodiscard]] std::string Hint(const std::string& text) const;
  void Frame(double x, double y, double width, double height);
  // A text in its column, a line below the other, the first at y. Returns the widest line's
  // characters.
  size_t Lines(const std::string& text,
               LadderSide side,
               double y,
               const char* style,
               const std::string& suffix);
  // What is wrong.
  void Note(const std::string& text, LadderSide side, double y) {
    Lines(text, side, Y(y) + 2, "w", "");
  }

 private:
  SvgColumns at_;
  std::string svg_;
};

// A call, an event, a fold or an arrow.
void DrawItem(const Ladder& ladder, const LadderItem& item, const LadderPoint& point, SvgPen* pen);

}  // namespace lastack

#include "report/ladder_svg_pen.h"

#include <algorithm>

#include "report/html_text.h"

namespace lastack {
namespace {

SvgColumns ColumnsOf(SvgShape shape) {
  switch (shape) {
    case SvgShape::kWide:
      return {1060, 62, {282, 778}, {290, 668}, 102, {392, 668}, 58, {27, 40, false}};
    case SvgShape::kNarrow:
      return {380, 0, {98, 282}, {0, 290}, 90, {90, 290}, 70, {30, 30, true}};
  }
  return {};
}

size_t CountCharacters(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

}  // namespace

SvgPen::SvgPen(SvgShape shape) : at_(ColumnsOf(shape)) {}

std::string SvgPen::Hint(const std::string& text) const {
  return narrow() ? "" : "<title>" + EscapeHtml(text) + "</title>";
}

void SvgPen::Frame(double x, double y, double width, double height) {
  Out(R"(<rect class="f" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="3"/>)",
      x,
      y,
      width,
      height);
}

size_t SvgPen::Lines(const std::string& text,
                     LadderSide side,
                     double y,
                     const char* style,
                     const std::string& suffix) {
  const bool middle = side == LadderSide::kMiddle;
  const size_t index = side == LadderSide::kRight ? 1 : 0;
  const double x = middle ? at_.width / 2 : at_.text[index];
  const bool end = (index == 0) != narrow();
  const char* anchor = middle ? "" : end ? " e" : " s";
  size_t widest = 0;
  const auto lines = WrapText(text, middle || narrow() ? at_.widths.middle : at_.widths.side);
  for (size_t i = 0; i < lines.size(); ++i) {
    Out(R"(<text class="{}{}" x="{}" y="{:.1f}">{}{}</text>)",
        style,
        anchor,
        x,
        y + kBaseline + kLine * static_cast<double>(i),
        EscapeHtml(lines[i]),
        i + 1 == lines.size() ? suffix : "");
    widest = std::max(widest, CountCharacters(lines[i]));
  }
  return widest;
}

}  // namespace lastack

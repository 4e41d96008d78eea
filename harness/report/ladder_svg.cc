#include "report/ladder_svg.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "base/strings.h"
#include "base/time.h"
#include "report/html_text.h"
#include "report/ladder_layout.h"

namespace lastack {
namespace {

constexpr double kLine = 15;
constexpr double kNearSender = 0.27;  // where an arrow's label stands, as a part of its way
constexpr double kInTheMiddle = 0.5;
constexpr double kBaseline = 4;  // from the middle of a line of text to its baseline

// Where the columns are.
struct Columns {
  double width;
  double time;                 // right edge
  std::array<double, 2> text;  // nearest edge to the lanes
  std::array<double, 2> lane;  // left edges
  double lane_width;
  std::array<double, 2> rail;  // ends of the arrows
  double top;                  // of the lanes, below the titles
  LadderWidths widths;
};

Columns ColumnsOf(SvgShape shape) {
  switch (shape) {
    case SvgShape::kWide:
      return {1060, 62, {282, 778}, {290, 668}, 102, {392, 668}, 58, {27, 40, false}};
    case SvgShape::kNarrow:
      return {380, 0, {98, 282}, {0, 290}, 90, {90, 290}, 70, {30, 30, true}};
  }
  return {};
}

const char* RoleClass(LadderRole role) {
  switch (role) {
    case LadderRole::kOpen:
      return "open";
    case LadderRole::kActive:
      return "active";
    case LadderRole::kPassive:
      return "passive";
    case LadderRole::kTimeWait:
      return "tw";
    case LadderRole::kClosed:
      return "closed";
  }
  return "";
}

size_t CountCharacters(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

class Drawing {
 public:
  Drawing(const Ladder& ladder, SvgShape shape, const std::string& id)
      : ladder_(ladder),
        narrow_(shape == SvgShape::kNarrow),
        at_(ColumnsOf(shape)),
        layout_(LayOut(ladder, at_.widths)),
        id_(id) {}

  std::string Draw() {
    const double height = at_.top + layout_.height + MissingHeight() + 6;
    Out("<svg class=\"ladder {}\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {:.0f}\" "
        "role=\"img\" aria-labelledby=\"{}t {}d\">",
        narrow_ ? "narrow" : "wide",
        at_.width,
        height,
        id_,
        id_);
    Out("<title id=\"{}t\">{}</title>",
        id_,
        EscapeHtml(ladder_.ends[0].title + " and " + ladder_.ends[1].title));
    Out("<desc id=\"{}d\">{}</desc>", id_, EscapeHtml(Description()));
    Titles();
    for (size_t side = 0; side < 2; ++side) {
      Lane(side);
    }
    for (size_t i = 0; i < ladder_.silences.size(); ++i) {
      Silence(ladder_.silences[i], layout_.silences[i]);
    }
    for (size_t i = 0; i < ladder_.items.size(); ++i) {
      Item(ladder_.items[i], layout_.items[i]);
    }
    Times();
    Missing();
    svg_ += "</svg>";
    return std::move(svg_);
  }

 private:
  template <typename... Arguments>
  void Out(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(svg_), format, std::forward<Arguments>(arguments)...);
  }

  // What a mouse over the element shows; a telephone has none.
  [[nodiscard]] std::string Hint(const std::string& text) const {
    return narrow_ ? "" : "<title>" + EscapeHtml(text) + "</title>";
  }

  [[nodiscard]] double Y(double y) const { return at_.top + y; }

  [[nodiscard]] std::string Description() const {
    std::string text = ladder_.story.empty() ? "" : ladder_.story + ". ";
    for (const LadderItem& item : ladder_.items) {
      if (!item.mismatch.empty()) {
        text += "Difference: " + item.mismatch + ". ";
      }
    }
    return text + "The table that follows has the same content.";
  }

  void Titles() {
    for (size_t side = 0; side < 2; ++side) {
      const LadderEnd& end = ladder_.ends[side];
      if (!narrow_) {
        const double x = at_.lane[side] + at_.lane_width / 2;
        Out("<text class=\"n\" x=\"{}\" y=\"20\">{}</text>", x, EscapeHtml(end.title));
        Out("<text class=\"p\" x=\"{}\" y=\"40\">{}</text>", x, EscapeHtml(end.part));
        continue;
      }
      const char* anchor = side == 0 ? "s" : "e";
      const double x = side == 0 ? 0 : at_.width;
      const size_t space = end.title.rfind(' ');
      const std::string name = end.title.substr(0, space);
      const std::string address = space == std::string::npos ? "" : end.title.substr(space + 1);
      Out("<text class=\"n {}\" x=\"{}\" y=\"16\">{}</text>", anchor, x, EscapeHtml(name));
      Out("<text class=\"c {}\" x=\"{}\" y=\"34\">{}</text>", anchor, x, EscapeHtml(address));
      Out("<text class=\"p {}\" x=\"{}\" y=\"52\">{}</text>", anchor, x, EscapeHtml(end.part));
    }
  }

  void Lane(size_t side) {
    const double x = at_.lane[side];
    const auto& boxes = ladder_.ends[side].boxes;
    for (size_t i = 0; i < boxes.size(); ++i) {
      const LadderPoint& point = layout_.boxes[side][i];
      const double height = point.end_y - point.y;
      const LadderBox& box = boxes[i];
      const std::string cause = box.cause.empty() ? "" : ": " + box.cause;
      Out("<g class=\"b {}\">{}", RoleClass(box.role), Hint(box.state + cause));
      Out("<rect x=\"{}\" y=\"{:.1f}\" width=\"{}\" height=\"{:.1f}\"/>",
          x,
          Y(point.y),
          at_.lane_width,
          height);
      Out("<text x=\"{}\" y=\"{:.1f}\">{}{}</text></g>",
          x + at_.lane_width / 2,
          Y(point.y) + 13,
          EscapeHtml(box.state),
          box.kernel_only ? "<tspan class=\"m\"> k</tspan>" : "");
    }
    const double rail = at_.rail[side];
    Out("<path class=\"r\" d=\"M{} {}V{:.1f}\"/>", rail, at_.top, Y(layout_.height));
    for (size_t i = 0; i < boxes.size(); ++i) {
      if (!boxes[i].mismatch.empty()) {
        const LadderPoint& point = layout_.boxes[side][i];
        const double height = std::min(point.end_y - point.y, 40.0);
        Frame(x - 2, Y(point.y) - 1, at_.lane_width + 4, height + 2);
        Note(boxes[i].mismatch, side == 0 ? LadderSide::kLeft : LadderSide::kRight, point.note_y);
      }
    }
  }

  void Frame(double x, double y, double width, double height) {
    Out("<rect class=\"f\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"3\"/>",
        x,
        y,
        width,
        height);
  }

  void Silence(const LadderSilence& silence, const LadderPoint& point) {
    constexpr double kHalf = 10;
    Out("<g class=\"z\"><rect x=\"0\" y=\"{:.1f}\" width=\"{}\" height=\"20\" rx=\"4\"/>",
        Y(point.y) - kHalf,
        at_.width);
    Out("<text x=\"{}\" y=\"{:.1f}\">· · · {} · · ·</text></g>",
        at_.width / 2,
        Y(point.y) + kBaseline,
        FormatDuration(Duration(silence.to_ns - silence.from_ns)));
  }

  void Item(const LadderItem& item, const LadderPoint& point) {
    switch (item.kind) {
      case LadderItem::Kind::kArrow:
        Arrow(item, point);
        break;
      case LadderItem::Kind::kFold:
        Fold(item, point);
        break;
      case LadderItem::Kind::kState:
        return;  // is a box in the lane
      case LadderItem::Kind::kCall:
      case LadderItem::Kind::kEvent:
        Call(item, point);
        break;
    }
    if (!item.mismatch.empty()) {
      Note(item.mismatch, item.side, point.note_y);
    }
  }

  // The text in its column, a line below the other. Returns the widest line's characters.
  size_t Lines(const std::string& text,
               LadderSide side,
               double y,
               const char* style,
               const std::string& suffix) {
    const bool middle = side == LadderSide::kMiddle;
    const size_t index = side == LadderSide::kRight ? 1 : 0;
    const double x = middle ? at_.width / 2 : at_.text[index];
    const bool end = (index == 0) != narrow_;
    const char* anchor = middle ? "" : end ? " e" : " s";
    size_t widest = 0;
    const auto lines = WrapText(text, middle || narrow_ ? at_.widths.middle : at_.widths.side);
    for (size_t i = 0; i < lines.size(); ++i) {
      Out("<text class=\"{}{}\" x=\"{}\" y=\"{:.1f}\">{}{}</text>",
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

  void Note(const std::string& text, LadderSide side, double y) {
    Lines(text, side, Y(y) + 2, "w", "");
  }

  [[nodiscard]] std::string Attributes(const LadderItem& item) const {
    return item.step < 0 || narrow_ ? "" : fmt::format(" data-s=\"{}\"", item.step);
  }

  void Call(const LadderItem& item, const LadderPoint& point) {
    const bool middle = item.side == LadderSide::kMiddle;
    const double y = Y(point.y);
    Out("<g class=\"{}\"{}>{}",
        item.kind == LadderItem::Kind::kCall ? "call" : "event",
        Attributes(item),
        Hint(item.fields.empty() ? item.text : item.fields));
    if (!middle) {
      const size_t index = item.side == LadderSide::kLeft ? 0 : 1;
      const double lane =
          narrow_ ? at_.rail[index] : at_.lane[index] + (index == 0 ? 0 : at_.lane_width);
      Out("<path class=\"y\" d=\"M{} {:.1f}H{}\"/>", at_.text[index], y, lane);
    }
    const std::string line =
        item.line == 0 || narrow_ ? "" : fmt::format("<tspan class=\"m\"> :{}</tspan>", item.line);
    const size_t widest = Lines(item.text, item.side, y, "c", line);
    if (!item.mismatch.empty()) {
      constexpr double kCharacter = 6.6;
      const double width = (static_cast<double>(widest) + (line.empty() ? 0 : 4)) * kCharacter + 8;
      const size_t index = item.side == LadderSide::kRight ? 1 : 0;
      const bool leftwards = (index == 0) != narrow_;
      const double x =
          middle ? (at_.width - width) / 2 : at_.text[index] - (leftwards ? width - 3 : 3);
      Frame(x, y - 10, width, 20);
    }
    svg_ += "</g>";
  }

  void Fold(const LadderItem& item, const LadderPoint& point) {
    const double half = narrow_ ? 92 : 122;
    const double middle = at_.width / 2;
    const auto parts = Split(item.text, ';');
    const double bottom =
        std::max(point.end_y, point.y + kLine * static_cast<double>(parts.size()) + 8);
    Out("<g class=\"fold\"{}>{}", Attributes(item), Hint(item.fields));
    for (const double y : {point.y, (point.y + bottom) / 2, bottom}) {
      Out("<path class=\"l\" d=\"M{} {:.1f}H{}M{} {:.1f}H{}\"/>",
          at_.rail[0],
          Y(y),
          middle - half,
          middle + half,
          Y(y),
          at_.rail[1]);
    }
    Out("<rect x=\"{}\" y=\"{:.1f}\" width=\"{}\" height=\"{:.1f}\" rx=\"5\"/>",
        middle - half,
        Y(point.y),
        2 * half,
        bottom - point.y);
    const double first = (point.y + bottom) / 2 - kLine * static_cast<double>(parts.size() - 1) / 2;
    for (size_t i = 0; i < parts.size(); ++i) {
      const size_t begin = parts[i].find_first_not_of(' ');
      Out("<text x=\"{}\" y=\"{:.1f}\">{}</text>",
          middle,
          Y(first) + kBaseline + kLine * static_cast<double>(i),
          EscapeHtml(begin == std::string::npos ? "" : parts[i].substr(begin)));
    }
    svg_ += "</g>";
  }

  // Is another one under way against it, so that they cross in the middle?
  [[nodiscard]] bool Crosses(const LadderItem& item) const {
    return std::any_of(ladder_.items.begin(), ladder_.items.end(), [&](const LadderItem& other) {
      return other.kind == LadderItem::Kind::kArrow && other.side != item.side &&
             other.t_ns < item.end_ns && item.t_ns < other.end_ns;
    });
  }

  void Arrow(const LadderItem& item, const LadderPoint& point) {
    const size_t sender = item.side == LadderSide::kLeft ? 0 : 1;
    const double from = at_.rail[sender];
    const double to = at_.rail[1 - sender];
    const double slope = (point.end_y - point.y) / (to - from);
    const auto on = [&](double part) {  // a point of the line, as a part of its way
      const double x = from + (to - from) * part;
      return std::pair(x, Y(point.y + slope * (x - from)));
    };
    const bool made_on_the_way = item.injected || item.duplicate;
    const double begin = made_on_the_way ? 0.5 : 0;
    const double end = item.lost ? begin + 0.5 : 1;
    std::string kinds;
    kinds += item.control ? " k" : "";
    kinds += item.rst || item.lost ? " red" : "";
    kinds += item.retransmitted ? " again" : "";
    kinds += made_on_the_way ? " made" : "";
    Out("<g class=\"a{}\"{}>{}", kinds, Attributes(item), Hint(item.fields));
    const auto [x0, y0] = on(begin);
    const auto [x1, y1] = on(end);
    Out("<path class=\"l\" d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\"/>", x0, y0, x1, y1);
    if (made_on_the_way) {
      Out("<circle class=\"h\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\"/>", x0, y0);
    }
    if (item.lost) {
      Out("<path class=\"x\" d=\"M{0:.1f} {2:.1f}L{1:.1f} {3:.1f}M{0:.1f} {3:.1f}L{1:.1f} "
          "{2:.1f}\"/>",
          x1 - 6,
          x1 + 6,
          y1 - 6,
          y1 + 6);

    } else {
      Head(x1, y1, std::atan2(y1 - y0, x1 - x0));
    }
    if (made_on_the_way) {
      ShortLabel(item, sender == 0, x0, y0);
    } else if (item.lost) {
      ShortLabel(item, sender != 0, x1, y1);
    } else {
      Label(item, on(Crosses(item) ? kNearSender : kInTheMiddle), std::atan(slope));
    }
    Numbers(item, point, sender);
    if (!item.mismatch.empty()) {
      Frame(at_.rail[0] + 2,
            Y(point.y) - 12,
            at_.rail[1] - at_.rail[0] - 4,
            point.end_y - point.y + 16);
    }
    svg_ += "</g>";
  }

  // Of an arrow that has half of the way only: on the other half.
  void ShortLabel(const LadderItem& item, bool leftwards, double x, double y) {
    constexpr double kBeside = 10;
    const char* fate = item.lost ? " lost" : item.injected ? " injected" : " duplicate";
    Out("<text class=\"t {}\" x=\"{:.1f}\" y=\"{:.1f}\">{}{}</text>",
        leftwards ? "e" : "s",
        x + (leftwards ? -kBeside : kBeside),
        y + kBaseline,
        EscapeHtml(item.text),
        fate);
  }

  void Head(double x, double y, double angle) {
    constexpr double kLength = 11;
    constexpr double kHalf = 0.42;  // of the angle at its point
    const auto corner = [&](double turn) {
      return std::pair(x - kLength * std::cos(angle + turn), y - kLength * std::sin(angle + turn));
    };
    const auto [ax, ay] = corner(kHalf);
    const auto [bx, by] = corner(-kHalf);
    Out("<path class=\"h\" d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}L{:.1f} {:.1f}z\"/>",
        x,
        y,
        ax,
        ay,
        bx,
        by);
  }

  void Label(const LadderItem& item, std::pair<double, double> at, double angle) {
    constexpr double kDegrees = 57.29578;
    std::string text = item.text + (narrow_ ? "" : " " + item.numbers);
    if (narrow_ && item.bytes > 0) {
      text += fmt::format(" {} B", item.bytes);
    }
    text += item.retransmitted ? " again" : "";
    Out("<text class=\"t\" transform=\"translate({:.1f} {:.1f})rotate({:.1f})\">{}</text>",
        at.first,
        at.second - 5,
        angle * kDegrees,
        EscapeHtml(text));
  }

  void Numbers(const LadderItem& item, const LadderPoint& point, size_t sender) {
    const auto number = [&](size_t side, int64_t packet, double y) {
      Out("<text class=\"m {}\" x=\"{}\" y=\"{:.1f}\">#{}</text>",
          side == 0 ? "s" : "e",
          at_.rail[side] + (side == 0 ? 5 : -5),
          y,
          packet);
    };
    if (item.sent_packet != 0) {
      number(sender, item.sent_packet, Y(point.y) + 12);
    }
    if (item.received_packet != 0 && item.received_packet != item.sent_packet) {
      number(1 - sender, item.received_packet, Y(point.end_y) - 7);
    }
  }

  // Where there is room for one.
  void Times() {
    if (narrow_) {
      return;
    }
    std::vector<std::pair<double, int64_t>> times;
    for (size_t i = 0; i < ladder_.items.size(); ++i) {
      if (ladder_.items[i].kind != LadderItem::Kind::kState) {
        times.emplace_back(layout_.items[i].y, ladder_.items[i].t_ns);
      }
    }
    std::sort(times.begin(), times.end());
    constexpr double kNsPerMs = 1e6;
    constexpr double kApart = 13;
    double last = -kApart;
    for (const auto& [y, t_ns] : times) {
      if (y >= last + kApart) {
        Out("<text class=\"m e\" x=\"{}\" y=\"{:.1f}\">{:.2f} ms</text>",
            at_.time,
            Y(y) + kBaseline,
            static_cast<double>(t_ns) / kNsPerMs);
        last = y;
      }
    }
  }

  [[nodiscard]] size_t MissingWidth() const { return narrow_ ? 50 : 140; }

  [[nodiscard]] double MissingHeight() const {
    double height = 0;
    for (const std::string& text : ladder_.missing) {
      height += kLine * static_cast<double>(WrapText("✗ " + text, MissingWidth()).size()) + 14;
    }
    return height;
  }

  // What did not happen, framed below the lanes.
  void Missing() {
    double y = Y(layout_.height) + 6;
    for (const std::string& text : ladder_.missing) {
      const auto lines = WrapText("✗ " + text, MissingWidth());
      const double height = kLine * static_cast<double>(lines.size()) + 8;
      Frame(2, y, at_.width - 4, height);
      for (const std::string& line : lines) {
        y += kLine;
        Out("<text class=\"w s\" x=\"12\" y=\"{:.1f}\">{}</text>", y, EscapeHtml(line));
      }
      y += 14;
    }
  }

  const Ladder& ladder_;
  bool narrow_;
  Columns at_;
  LadderLayout layout_;
  std::string id_;
  std::string svg_;
};

}  // namespace

std::string DrawSvg(const Ladder& ladder, SvgShape shape, const std::string& id) {
  return Drawing(ladder, shape, id).Draw();
}

}  // namespace lastack

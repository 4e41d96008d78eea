// Draws what happens at one moment or takes a while: calls, events, transfers, segments.
#include <algorithm>
#include <cmath>

#include "base/strings.h"
#include "report/html_text.h"
#include "report/ladder_svg_pen.h"

namespace lastack {
namespace {

constexpr double kNearSender = 0.27;  // where an arrow's label stands, as a part of its way
constexpr double kInTheMiddle = 0.5;

class ItemDrawing {
 public:
  ItemDrawing(const Ladder& ladder, SvgPen* pen) : ladder_(ladder), pen_(pen) {}

  void Draw(const LadderItem& item, const LadderPoint& point) {
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
      pen_->Note(item.mismatch, item.side, point.note_y);
    }
  }

 private:
  [[nodiscard]] std::string Attributes(const LadderItem& item) const {
    return item.step < 0 || pen_->narrow() ? "" : fmt::format(" data-s=\"{}\"", item.step);
  }

  void Call(const LadderItem& item, const LadderPoint& point) {
    const bool middle = item.side == LadderSide::kMiddle;
    const double y = pen_->Y(point.y);
    pen_->Out("<g class=\"{}\"{}>{}",
              item.kind == LadderItem::Kind::kCall ? "call" : "event",
              Attributes(item),
              pen_->Hint(item.fields.empty() ? item.text : item.fields));
    if (!middle) {
      const size_t index = item.side == LadderSide::kLeft ? 0 : 1;
      const double lane = pen_->narrow()
                              ? pen_->at().rail[index]
                              : pen_->at().lane[index] + (index == 0 ? 0 : pen_->at().lane_width);
      pen_->Out(R"(<path class="y" d="M{} {:.1f}H{}"/>)", pen_->at().text[index], y, lane);
    }
    const std::string line = item.line == 0 || pen_->narrow()
                                 ? ""
                                 : fmt::format("<tspan class=\"m\"> :{}</tspan>", item.line);
    const size_t widest = pen_->Lines(item.text, item.side, y, "c", line);
    if (!item.mismatch.empty()) {
      constexpr double kCharacter = 6.6;
      const double width = (static_cast<double>(widest) + (line.empty() ? 0 : 4)) * kCharacter + 8;
      const size_t index = item.side == LadderSide::kRight ? 1 : 0;
      const bool leftwards = (index == 0) != pen_->narrow();
      const double x = middle ? (pen_->at().width - width) / 2
                              : pen_->at().text[index] - (leftwards ? width - 3 : 3);
      pen_->Frame(x, y - 10, width, 20);
    }
    pen_->Out("</g>");
  }

  void Fold(const LadderItem& item, const LadderPoint& point) {
    const double half = pen_->narrow() ? 92 : 122;
    const double middle = pen_->at().width / 2;
    const auto parts = Split(item.text, ';');
    const double bottom =
        std::max(point.end_y, point.y + SvgPen::kLine * static_cast<double>(parts.size()) + 8);
    pen_->Out("<g class=\"fold\"{}>{}", Attributes(item), pen_->Hint(item.fields));
    for (const double y : {point.y, (point.y + bottom) / 2, bottom}) {
      pen_->Out(R"(<path class="l" d="M{} {:.1f}H{}M{} {:.1f}H{}"/>)",
                pen_->at().rail[0],
                pen_->Y(y),
                middle - half,
                middle + half,
                pen_->Y(y),
                pen_->at().rail[1]);
    }
    pen_->Out(R"(<rect x="{}" y="{:.1f}" width="{}" height="{:.1f}" rx="5"/>)",
              middle - half,
              pen_->Y(point.y),
              2 * half,
              bottom - point.y);
    const double first =
        (point.y + bottom) / 2 - SvgPen::kLine * static_cast<double>(parts.size() - 1) / 2;
    for (size_t i = 0; i < parts.size(); ++i) {
      const size_t begin = parts[i].find_first_not_of(' ');
      pen_->Out(R"(<text x="{}" y="{:.1f}">{}</text>)",
                middle,
                pen_->Y(first) + SvgPen::kBaseline + SvgPen::kLine * static_cast<double>(i),
                EscapeHtml(begin == std::string::npos ? "" : parts[i].substr(begin)));
    }
    pen_->Out("</g>");
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
    const double from = pen_->at().rail[sender];
    const double to = pen_->at().rail[1 - sender];
    const double slope = (point.end_y - point.y) / (to - from);
    const auto on = [&](double part) {  // a point of the line, as a part of its way
      const double x = from + (to - from) * part;
      return std::pair(x, pen_->Y(point.y + slope * (x - from)));
    };
    const bool made_on_the_way = item.injected || item.duplicate;
    const double begin = made_on_the_way ? 0.5 : 0;
    const double end = item.lost ? begin + 0.5 : 1;
    std::string kinds;
    kinds += item.control ? " k" : "";
    kinds += item.rst || item.lost ? " red" : "";
    kinds += item.retransmitted ? " again" : "";
    kinds += made_on_the_way ? " made" : "";
    pen_->Out("<g class=\"a{}\"{}>{}", kinds, Attributes(item), pen_->Hint(item.fields));
    const auto [x0, y0] = on(begin);
    const auto [x1, y1] = on(end);
    pen_->Out(R"(<path class="l" d="M{:.1f} {:.1f}L{:.1f} {:.1f}"/>)", x0, y0, x1, y1);
    if (made_on_the_way) {
      pen_->Out(R"(<circle class="h" cx="{:.1f}" cy="{:.1f}" r="4"/>)", x0, y0);
    }
    if (item.lost) {
      pen_->Out(
          "<path class=\"x\" d=\"M{0:.1f} {2:.1f}L{1:.1f} {3:.1f}M{0:.1f} {3:.1f}L{1:.1f} "
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
      pen_->Frame(pen_->at().rail[0] + 2,
                  pen_->Y(point.y) - 12,
                  pen_->at().rail[1] - pen_->at().rail[0] - 4,
                  point.end_y - point.y + 16);
    }
    pen_->Out("</g>");
  }

  // Of an arrow that has half of the way only: on the other half.
  void ShortLabel(const LadderItem& item, bool leftwards, double x, double y) {
    constexpr double kBeside = 10;
    const char* fate = item.lost ? " lost" : item.injected ? " injected" : " duplicate";
    pen_->Out(R"(<text class="t {}" x="{:.1f}" y="{:.1f}">{}{}</text>)",
              leftwards ? "e" : "s",
              x + (leftwards ? -kBeside : kBeside),
              y + SvgPen::kBaseline,
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
    pen_->Out(R"(<path class="h" d="M{:.1f} {:.1f}L{:.1f} {:.1f}L{:.1f} {:.1f}z"/>)",
              x,
              y,
              ax,
              ay,
              bx,
              by);
  }

  void Label(const LadderItem& item, std::pair<double, double> at, double angle) {
    constexpr double kDegrees = 57.29578;
    std::string text = item.text + (pen_->narrow() ? "" : " " + item.numbers);
    if (pen_->narrow() && item.bytes > 0) {
      text += fmt::format(" {} B", item.bytes);
    }
    text += item.retransmitted ? " again" : "";
    pen_->Out("<text class=\"t\" transform=\"translate({:.1f} {:.1f})rotate({:.1f})\">{}</text>",
              at.first,
              at.second - 5,
              angle * kDegrees,
              EscapeHtml(text));
  }

  void Numbers(const LadderItem& item, const LadderPoint& point, size_t sender) {
    const auto number = [&](size_t side, int64_t packet, double y) {
      pen_->Out(R"(<text class="m {}" x="{}" y="{:.1f}">#{}</text>)",
                side == 0 ? "s" : "e",
                pen_->at().rail[side] + (side == 0 ? 5 : -5),
                y,
                packet);
    };
    if (item.sent_packet != 0) {
      number(sender, item.sent_packet, pen_->Y(point.y) + 12);
    }
    if (item.received_packet != 0 && item.received_packet != item.sent_packet) {
      number(1 - sender, item.received_packet, pen_->Y(point.end_y) - 7);
    }
  }

  const Ladder& ladder_;
  SvgPen* pen_;
};

}  // namespace

void DrawItem(const Ladder& ladder, const LadderItem& item, const LadderPoint& point, SvgPen* pen) {
  ItemDrawing(ladder, pen).Draw(item, point);
}

}  // namespace lastack

#include "report/ladder_svg.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/time.h"
#include "report/html_text.h"
#include "report/ladder_layout.h"
#include "report/ladder_svg_pen.h"

namespace lastack {
namespace {

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

class Drawing {
 public:
  Drawing(const Ladder& ladder, SvgShape shape, std::string id)
      : ladder_(ladder),
        pen_(shape),
        layout_(LayOut(ladder, pen_.at().widths)),
        id_(std::move(id)) {}

  std::string Draw() {
    const double height = pen_.at().top + layout_.height + MissingHeight() + 6;
    pen_.Out(
        "<svg class=\"ladder {}\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {:.0f}\" "
        "role=\"img\" aria-labelledby=\"{}t {}d\">",
        pen_.narrow() ? "narrow" : "wide",
        pen_.at().width,
        height,
        id_,
        id_);
    pen_.Out("<title id=\"{}t\">{}</title>",
             id_,
             EscapeHtml(ladder_.ends[0].title + " and " + ladder_.ends[1].title));
    pen_.Out("<desc id=\"{}d\">{}</desc>", id_, EscapeHtml(Description()));
    Titles();
    for (size_t side = 0; side < 2; ++side) {
      Lane(side);
    }
    for (size_t i = 0; i < ladder_.silences.size(); ++i) {
      Silence(ladder_.silences[i], layout_.silences[i]);
    }
    for (size_t i = 0; i < ladder_.items.size(); ++i) {
      DrawItem(ladder_, ladder_.items[i], layout_.items[i], &pen_);
    }
    Times();
    Missing();
    pen_.Out("</svg>");
    return pen_.Take();
  }

 private:
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
      if (!pen_.narrow()) {
        const double x = pen_.at().lane[side] + pen_.at().lane_width / 2;
        pen_.Out(R"(<text class="n" x="{}" y="20">{}</text>)", x, EscapeHtml(end.title));
        pen_.Out(R"(<text class="p" x="{}" y="40">{}</text>)", x, EscapeHtml(end.part));
        continue;
      }
      const char* anchor = side == 0 ? "s" : "e";
      const double x = side == 0 ? 0 : pen_.at().width;
      const size_t space = end.title.rfind(' ');
      const std::string name = end.title.substr(0, space);
      const std::string address = space == std::string::npos ? "" : end.title.substr(space + 1);
      pen_.Out(R"(<text class="n {}" x="{}" y="16">{}</text>)", anchor, x, EscapeHtml(name));
      pen_.Out(R"(<text class="c {}" x="{}" y="34">{}</text>)", anchor, x, EscapeHtml(address));
      pen_.Out(R"(<text class="p {}" x="{}" y="52">{}</text>)", anchor, x, EscapeHtml(end.part));
    }
  }

  void Lane(size_t side) {
    const double x = pen_.at().lane[side];
    const auto& boxes = ladder_.ends[side].boxes;
    for (size_t i = 0; i < boxes.size(); ++i) {
      const LadderPoint& point = layout_.boxes[side][i];
      const double height = point.end_y - point.y;
      const LadderBox& box = boxes[i];
      const std::string cause = box.cause.empty() ? "" : ": " + box.cause;
      pen_.Out("<g class=\"b {}\">{}", RoleClass(box.role), pen_.Hint(box.state + cause));
      pen_.Out(R"(<rect x="{}" y="{:.1f}" width="{}" height="{:.1f}"/>)",
               x,
               pen_.Y(point.y),
               pen_.at().lane_width,
               height);
      pen_.Out(R"(<text x="{}" y="{:.1f}">{}{}</text></g>)",
               x + pen_.at().lane_width / 2,
               pen_.Y(point.y) + 13,
               EscapeHtml(box.state),
               box.kernel_only ? "<tspan class=\"m\"> k</tspan>" : "");
    }
    const double rail = pen_.at().rail[side];
    pen_.Out(R"(<path class="r" d="M{} {}V{:.1f}"/>)", rail, pen_.at().top, pen_.Y(layout_.height));
    for (size_t i = 0; i < boxes.size(); ++i) {
      if (!boxes[i].mismatch.empty()) {
        const LadderPoint& point = layout_.boxes[side][i];
        const double height = std::min(point.end_y - point.y, 40.0);
        pen_.Frame(x - 2, pen_.Y(point.y) - 1, pen_.at().lane_width + 4, height + 2);
        pen_.Note(
            boxes[i].mismatch, side == 0 ? LadderSide::kLeft : LadderSide::kRight, point.note_y);
      }
    }
  }

  void Silence(const LadderSilence& silence, const LadderPoint& point) {
    constexpr double kHalf = 10;
    pen_.Out(R"(<g class="z"><rect x="0" y="{:.1f}" width="{}" height="20" rx="4"/>)",
             pen_.Y(point.y) - kHalf,
             pen_.at().width);
    pen_.Out("<text x=\"{}\" y=\"{:.1f}\">· · · {} · · ·</text></g>",
             pen_.at().width / 2,
             pen_.Y(point.y) + SvgPen::kBaseline,
             FormatDuration(Duration(silence.to_ns - silence.from_ns)));
  }

  // Where there is room for one.
  void Times() {
    if (pen_.narrow()) {
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
        pen_.Out(R"(<text class="m e" x="{}" y="{:.1f}">{:.2f} ms</text>)",
                 pen_.at().time,
                 pen_.Y(y) + SvgPen::kBaseline,
                 static_cast<double>(t_ns) / kNsPerMs);
        last = y;
      }
    }
  }

  [[nodiscard]] size_t MissingWidth() const { return pen_.narrow() ? 50 : 140; }

  [[nodiscard]] double MissingHeight() const {
    double height = 0;
    for (const std::string& text : ladder_.missing) {
      height +=
          SvgPen::kLine * static_cast<double>(WrapText("✗ " + text, MissingWidth()).size()) + 14;
    }
    return height;
  }

  // What did not happen, framed below the lanes.
  void Missing() {
    double y = pen_.Y(layout_.height) + 6;
    for (const std::string& text : ladder_.missing) {
      const auto lines = WrapText("✗ " + text, MissingWidth());
      const double height = SvgPen::kLine * static_cast<double>(lines.size()) + 8;
      pen_.Frame(2, y, pen_.at().width - 4, height);
      for (const std::string& line : lines) {
        y += SvgPen::kLine;
        pen_.Out(R"(<text class="w s" x="12" y="{:.1f}">{}</text>)", y, EscapeHtml(line));
      }
      y += 14;
    }
  }

  const Ladder& ladder_;
  SvgPen pen_;
  LadderLayout layout_;
  std::string id_;
};

}  // namespace

std::string DrawSvg(const Ladder& ladder, SvgShape shape, const std::string& id) {
  return Drawing(ladder, shape, id).Draw();
}

}  // namespace lastack

// Draws ladders as text: time, left end, segments, right end.
#include <algorithm>

#include <fmt/format.h>

#include "base/time.h"
#include "report/ladder.h"
#include "report/ladder_layout.h"

namespace lastack {
namespace {

constexpr size_t kTimeWidth = 11;
constexpr size_t kSideWidth = 27;
constexpr size_t kArrowWidth = 30;
constexpr size_t kMissingWidth = 84;
constexpr size_t kGroupsShown = 10;

// Columns of a UTF-8 text whose characters all are one column wide.
size_t Columns(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

std::string Repeat(const char* text, size_t times) {
  std::string repeated;
  for (size_t i = 0; i < times; ++i) {
    repeated += text;
  }
  return repeated;
}

std::string Pad(const std::string& text, size_t width, bool right = false) {
  const std::string space(width - std::min(width, Columns(text)), ' ');
  return right ? space + text : text + space;
}

std::string Centered(const std::string& text) {
  const size_t space = kArrowWidth - std::min(kArrowWidth, Columns(text));
  return Repeat(" ", space / 2) + text + Repeat(" ", space - space / 2);
}

std::string Time(int64_t t_ns) {
  constexpr double kNsPerMs = 1e6;
  return Pad(fmt::format("{:.2f} ms", static_cast<double>(t_ns) / kNsPerMs), kTimeWidth, true);
}

// One ladder, a line for each item.
class Drawing {
 public:
  std::string Draw(const Ladder& ladder) {
    Line("", ladder.ends[0].title, std::string(kArrowWidth, ' '), ladder.ends[1].title);
    auto silence = ladder.silences.begin();
    for (const LadderItem& item : ladder.items) {
      for (; silence != ladder.silences.end() && silence->to_ns <= item.t_ns; ++silence) {
        Silence(*silence);
      }
      Item(item);
    }
    for (const std::string& text : ladder.missing) {
      const char* mark = "✗ ";
      for (const std::string& line : WrapText(text, kMissingWidth)) {
        text_ += std::string(kTimeWidth, ' ') + "  " + mark + line + "\n";
        mark = "  ";
      }
    }
    return std::move(text_);
  }

 private:
  void Silence(const LadderSilence& silence) {
    const Duration duration(silence.to_ns - silence.from_ns);
    Line("", "", Centered("··· " + FormatDuration(duration) + " ···"), "");
  }

  void Item(const LadderItem& item) {
    switch (item.kind) {
      case LadderItem::Kind::kArrow:
        Arrow(item);
        return;
      case LadderItem::Kind::kFold:
        Fold(item);
        return;
      case LadderItem::Kind::kState:
        Beside(item, item.text + " (kernel)");
        return;
      case LadderItem::Kind::kCall:
      case LadderItem::Kind::kEvent:
        Beside(item, item.text);
        return;
    }
  }

  // As many lines as it takes, under the time of the first.
  void Beside(const LadderItem& item, const std::string& text) {
    std::string time = Time(item.t_ns);
    const size_t width = item.side == LadderSide::kMiddle ? kArrowWidth : kSideWidth;
    for (const std::string& line : WrapText(text + Mark(item), width)) {
      switch (item.side) {
        case LadderSide::kLeft:
          Line(time, line, "", "");
          break;
        case LadderSide::kRight:
          Line(time, "", "", line);
          break;
        case LadderSide::kMiddle:
          Line(time, "", Centered(line), "");
          break;
      }
      time = "";
    }
  }

  static std::string Mark(const LadderItem& item) {
    return item.marked || !item.mismatch.empty() ? "  ✗" : "";
  }

  void Arrow(const LadderItem& item) {
    const bool from_left = item.side == LadderSide::kLeft;
    std::string label = " " + item.text + " ";
    label += item.bytes > 0 ? fmt::format("{} bytes ", item.bytes) : "";
    label += item.injected ? "injected " : item.duplicate ? "duplicate " : "";
    label += item.retransmitted && !item.injected ? "again " : "";
    const char* rail = item.injected ? "┅" : item.retransmitted ? "╌" : item.control ? "━" : "─";
    const std::string head = item.lost ? "✗" : from_left ? "▶" : "◀";
    constexpr size_t kRails = 4;  // two before the label, one behind it, the head
    const bool reason_fits = Columns(label + item.reason) + 1 + kRails <= kArrowWidth;
    label += item.reason.empty() || !reason_fits ? "" : item.reason + " ";
    const size_t used = Columns(label) + kRails - 1;
    const std::string run = Repeat(rail, kArrowWidth > used ? kArrowWidth - used : 1);
    const std::string arrow =
        from_left ? Repeat(rail, 2) + label + run + head : head + run + label + Repeat(rail, 2);
    Line(Time(item.t_ns), item.states[0], arrow, item.states[1] + Mark(item));
    if (!item.reason.empty() && !reason_fits) {
      Line("", "", Centered(item.reason), "");
    }
  }

  // Its parts, one below the other if they do not fit side by side.
  void Fold(const LadderItem& item) {
    std::string time = Time(item.t_ns);
    std::string rest = item.text;
    while (Columns(rest) > kArrowWidth && rest.find("; ") != std::string::npos) {
      const size_t cut = rest.find("; ");
      Line(time, "", Centered(rest.substr(0, cut)), "");
      rest.erase(0, cut + 2);
      time = "";
    }
    Line(time, "", Centered(rest), "");
  }

  void Line(const std::string& time,
            const std::string& left,
            const std::string& middle,
            const std::string& right) {
    std::string line = Pad(time, kTimeWidth) + "  " + Pad(left, kSideWidth, true) + " │" +
                       Pad(middle, kArrowWidth) + "│ " + right;
    line.erase(line.find_last_not_of(' ') + 1);
    text_ += line + "\n";
  }

  std::string text_;
};

}  // namespace

std::string DrawText(const Ladders& ladders) {
  std::string text;
  for (const Ladder& ladder : ladders.ladders) {
    text += (text.empty() ? "" : "\n") + Drawing().Draw(ladder);
  }
  if (!ladders.groups.empty()) {
    text += fmt::format("\n  all {} connections:\n", ladders.connections);
  }
  for (size_t i = 0; i < std::min(ladders.groups.size(), kGroupsShown); ++i) {
    const LadderGroup& group = ladders.groups[i];
    text += fmt::format("  {:>6} × {}\n           {}\n           {}\n",
                        group.connections,
                        group.segments.empty() ? "no FIN, no RST" : group.segments,
                        group.states[0].empty() ? "?" : group.states[0],
                        group.states[1].empty() ? "?" : group.states[1]);
  }
  if (ladders.groups.size() > kGroupsShown) {
    text += fmt::format("          … and {} other ways\n", ladders.groups.size() - kGroupsShown);
  }
  return text;
}

}  // namespace lastack

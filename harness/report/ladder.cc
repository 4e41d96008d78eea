#include "report/ladder.h"

#include <algorithm>
#include <map>
#include <vector>

#include <fmt/format.h>

#include "base/time.h"

namespace lastack {
namespace {

constexpr size_t kTimeWidth = 11;
constexpr size_t kSideWidth = 27;
constexpr size_t kArrowWidth = 30;
constexpr int64_t kSilenceNs = 200'000'000;  // longer pauses get a line of their own
constexpr int kConnectionsDrawn = 3;
constexpr int kFoldFrom = 3;  // so many data segments in a row become one line

// Columns of a UTF-8 text whose characters all are one column wide.
size_t Columns(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

std::string Pad(const std::string& text, size_t width, bool right = false) {
  const size_t columns = Columns(text);
  const std::string space(columns < width ? width - columns : 0, ' ');
  return right ? space + text : text + space;
}

std::string Repeat(const char* text, size_t times) {
  std::string repeated;
  for (size_t i = 0; i < times; ++i) {
    repeated += text;
  }
  return repeated;
}

std::string Time(int64_t t_ns) {
  constexpr double kNsPerMs = 1e6;
  return Pad(fmt::format("{:.2f} ms", static_cast<double>(t_ns) / kNsPerMs), kTimeWidth, true);
}

class Drawing {
 public:
  explicit Drawing(const Timeline& timeline) : timeline_(timeline) {}

  std::string Draw() {
    const std::string left = timeline_.ends.empty() ? "" : timeline_.ends.front().title;
    const std::string right = timeline_.ends.size() < 2 ? "" : timeline_.ends.back().title;
    Line("", left, Repeat(" ", kArrowWidth), right);
    for (size_t i = 0; i < timeline_.entries.size(); ++i) {
      const TimelineEntry& entry = timeline_.entries[i];
      if (!IsDrawn(entry)) {
        continue;
      }
      Silence(entry.t_ns);
      const size_t folded = CountFoldable(i);
      if (folded >= kFoldFrom) {
        Fold(i, folded);
        i += folded - 1;
      } else {
        Entry(entry);
      }
      last_ns_ = timeline_.entries[i].t_ns;
    }
    if (hidden_ > 0) {
      text_ += fmt::format(
          "{}  … and {} segments of further connections\n", std::string(kTimeWidth, ' '), hidden_);
    }
    return text_;
  }

 private:
  [[nodiscard]] bool IsLeft(const std::string& host) const {
    return !timeline_.ends.empty() && timeline_.ends.front().host == host;
  }

  bool IsDrawn(const TimelineEntry& entry) {
    switch (entry.kind) {
      case TimelineEntry::Kind::kSegment:
        if (entry.connection >= kConnectionsDrawn && !entry.marked) {
          ++hidden_;
          return false;
        }
        return true;
      case TimelineEntry::Kind::kKernelState:
        return entry.connection < kConnectionsDrawn &&
               lane_[{entry.host, entry.connection}] != entry.text;
      case TimelineEntry::Kind::kStep:
      case TimelineEntry::Kind::kCall:
      case TimelineEntry::Kind::kEvent:
        return true;
    }
    return true;
  }

  void Silence(int64_t t_ns) {
    if (t_ns - last_ns_ > kSilenceNs) {
      Line("", "", Centered("··· " + FormatDuration(Duration(t_ns - last_ns_)) + " ···"), "");
    }
  }

  static std::string Centered(const std::string& text) {
    const size_t space = kArrowWidth - std::min(kArrowWidth, Columns(text));
    return Repeat(" ", space / 2) + text + Repeat(" ", space - space / 2);
  }

  // Data and ACKs in a row that change no state and that no finding rests on.
  [[nodiscard]] size_t CountFoldable(size_t from) const {
    size_t count = 0;
    for (size_t i = from; i < timeline_.entries.size(); ++i, ++count) {
      const TimelineEntry& entry = timeline_.entries[i];
      const bool plain = entry.kind == TimelineEntry::Kind::kSegment && entry.pure &&
                         entry.sender_state.empty() && entry.receiver_state.empty() &&
                         !entry.marked && !entry.injected && entry.received_packet != 0;
      if (!plain) {
        break;
      }
    }
    return count;
  }

  void Fold(size_t from, size_t count) {
    uint64_t bytes = 0;
    for (size_t i = from; i < from + count; ++i) {
      bytes += timeline_.entries[i].bytes;
    }
    Line(Time(timeline_.entries[from].t_ns),
         "",
         Centered(fmt::format("{} segments, {} bytes", count, bytes)),
         "");
  }

  void Entry(const TimelineEntry& entry) {
    if (entry.kind == TimelineEntry::Kind::kSegment) {
      Arrow(entry);
      return;
    }
    std::string text = entry.text;
    if (entry.kind == TimelineEntry::Kind::kKernelState) {
      lane_[{entry.host, entry.connection}] = entry.text;
      text = entry.text + " (kernel)";
    }
    if (entry.host.empty()) {  // of the link
      Line(Time(entry.t_ns), "", Centered(text), "");
      return;
    }
    const bool left = IsLeft(entry.host);
    Line(Time(entry.t_ns), left ? text : "", "", left ? "" : text);
  }

  void Arrow(const TimelineEntry& entry) {
    const bool from_left = IsLeft(entry.host);
    const bool lost = entry.received_packet == 0;
    const std::string bytes = entry.bytes > 0 ? fmt::format(" {} bytes", entry.bytes) : "";
    const std::string label = " " + entry.text + bytes + (entry.injected ? " injected " : " ");
    const char* rail = entry.injected ? "┅" : entry.pure ? "─" : "━";
    const std::string head = lost ? "✗" : from_left ? "▶" : "◀";
    const size_t used = Columns(label) + 3;
    const std::string run = Repeat(rail, kArrowWidth > used ? kArrowWidth - used : 1);
    const std::string arrow =
        from_left ? Repeat(rail, 2) + label + run + head : head + run + label + Repeat(rail, 2);
    Note(entry);
    const std::string left = from_left ? entry.sender_state : entry.receiver_state;
    const std::string right = from_left ? entry.receiver_state : entry.sender_state;
    Line(Time(entry.t_ns), left, arrow, right + (entry.marked ? "  ✗" : ""));
  }

  void Note(const TimelineEntry& entry) {
    for (const TimelineEnd& end : timeline_.ends) {
      const std::string& state = end.host == entry.host ? entry.sender_state : entry.receiver_state;
      if (!state.empty()) {
        lane_[{end.host, entry.connection}] = state;
      }
    }
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

  const Timeline& timeline_;
  std::string text_;
  int64_t last_ns_ = 0;
  int64_t hidden_ = 0;
  std::map<std::pair<std::string, int>, std::string>
      lane_;  // (host, connection) → state shown last
};

}  // namespace

std::string DrawLadder(const Timeline& timeline) {
  return Drawing(timeline).Draw();
}

}  // namespace lastack

#include "report/ladder_layout.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/strings.h"

namespace lastack {
namespace {

constexpr double kLine = 15;      // height of a line of text
constexpr double kBox = 19;       // room for a state's name
constexpr double kSlant = 20;     // at least so much between sending and arrival
constexpr double kArrowGap = 17;  // between two arrows that leave one end
constexpr double kSilenceHeight = 44;
constexpr double kMostGap = 40;  // between two moments that nothing else keeps apart
constexpr double kTail = 26;     // below the last moment

// What keeps a distance of its own from what stands above it.
enum Column : size_t {
  kSendLeft,
  kSendRight,
  kArriveLeft,
  kArriveRight,
  kTextLeft,
  kTextRight,
  kLaneLeft,
  kLaneRight,
  kMiddle,  // what lies across the arrows' room
  kColumns,
};

// Something that has to stand at a moment.
struct Stop {
  int64_t t_ns;
  size_t order;  // among those of the same moment
  Column column;
  double height;                  // of what is drawn there: the next in the column stands below it
  double* y;                      // where the answer goes
  const double* after = nullptr;  // at least `distance` below this, which stands at `after_ns`
  double distance = 0;
  int64_t after_ns = 0;
};

// A step in time as a step on paper: grows with its logarithm.
double Gap(int64_t dt_ns) {
  constexpr double kPerDecade = 5;
  constexpr double kNsPerUs = 1e3;
  const double microseconds = static_cast<double>(dt_ns) / kNsPerUs;
  return std::min(kMostGap, kPerDecade * std::log10(1 + microseconds));
}

class Placing {
 public:
  Placing(const Ladder& ladder, const LadderWidths& widths) : ladder_(ladder), widths_(widths) {
    layout_.items.resize(ladder.items.size());
    layout_.silences.resize(ladder.silences.size());
    for (size_t i = 0; i < 2; ++i) {
      layout_.boxes[i].resize(ladder.ends[i].boxes.size());
    }
  }

  LadderLayout Place() {
    AddBoxes();
    for (size_t i = 0; i < ladder_.items.size(); ++i) {
      AddItem(ladder_.items[i], &layout_.items[i]);
    }
    std::stable_sort(stops_.begin(), stops_.end(), [](const Stop& a, const Stop& b) {
      return a.t_ns != b.t_ns ? a.t_ns < b.t_ns : a.order < b.order;
    });
    below_.fill(0);
    for (size_t begin = 0, end = 0; begin < stops_.size(); begin = end) {
      while (end < stops_.size() && stops_[end].t_ns == stops_[begin].t_ns) {
        ++end;
      }
      PlaceMoment(begin, end);
    }
    layout_.height = *std::max_element(below_.begin(), below_.end()) + kTail;
    for (size_t side = 0; side < 2; ++side) {
      auto& boxes = layout_.boxes[side];
      for (size_t i = 0; i < boxes.size(); ++i) {
        boxes[i].end_y = i + 1 < boxes.size() ? boxes[i + 1].y : layout_.height;
      }
    }
    return std::move(layout_);
  }

 private:
  void Add(int64_t t_ns, Column column, double height, double* y) {
    stops_.push_back({t_ns, stops_.size(), column, height, y});
  }

  void AddBoxes() {
    for (size_t side = 0; side < 2; ++side) {
      const auto& boxes = ladder_.ends[side].boxes;
      for (size_t i = 0; i < boxes.size(); ++i) {
        LadderPoint& point = layout_.boxes[side][i];
        Add(boxes[i].from_ns, side == 0 ? kLaneLeft : kLaneRight, kBox, &point.y);
        AddMismatch(boxes[i].mismatch,
                    boxes[i].from_ns,
                    side == 0 ? LadderSide::kLeft : LadderSide::kRight,
                    &point);
      }
    }
  }

  // Its text stands beside the lane, below what it is about.
  void AddMismatch(const std::string& text, int64_t t_ns, LadderSide side, LadderPoint* point) {
    if (!text.empty()) {
      Add(t_ns, TextColumn(side), Height(WrapText(text, Width(side)).size()) + 6, &point->note_y);
    }
  }

  static double Height(size_t lines) { return kLine * static_cast<double>(lines); }
  static double FoldHeight(const LadderItem& item) {
    return Height(Split(item.text, ';').size()) + 8;
  }

  [[nodiscard]] size_t Width(LadderSide side) const {
    return side == LadderSide::kMiddle || widths_.narrow ? widths_.middle : widths_.side;
  }

  [[nodiscard]] Column TextColumn(LadderSide side) const {
    if (side == LadderSide::kMiddle || widths_.narrow) {
      return kMiddle;
    }
    return side == LadderSide::kLeft ? kTextLeft : kTextRight;
  }

  void AddItem(const LadderItem& item, LadderPoint* point) {
    const bool left = item.side == LadderSide::kLeft;
    switch (item.kind) {
      case LadderItem::Kind::kArrow:
        Add(item.t_ns, left ? kSendLeft : kSendRight, kArrowGap, &point->y);
        AddArrival(item, point);
        AddMismatch(item.mismatch, item.t_ns, item.side, point);
        return;
      case LadderItem::Kind::kFold:
        Add(item.t_ns, kMiddle, FoldHeight(item) + 8, &point->y);
        Add(item.end_ns, kMiddle, 0, &point->end_y);
        stops_.back().after = &point->y;
        stops_.back().distance = FoldHeight(item);
        stops_.back().after_ns = item.t_ns;
        return;
      case LadderItem::Kind::kState:
        return;  // is a box
      case LadderItem::Kind::kCall:
      case LadderItem::Kind::kEvent:
        Add(item.t_ns,
            TextColumn(item.side),
            Height(WrapText(item.text, Width(item.side)).size()),
            &point->y);
        AddMismatch(item.mismatch, item.t_ns, item.side, point);
        return;
    }
  }

  void AddArrival(const LadderItem& item, LadderPoint* point) {
    const bool from_left = item.side == LadderSide::kLeft;
    const bool made_on_the_way = item.injected || item.duplicate;
    Add(item.end_ns, from_left ? kArriveRight : kArriveLeft, kArrowGap - 3, &point->end_y);
    stops_.back().after = &point->y;
    stops_.back().distance = made_on_the_way ? kSlant / 2 : kSlant;
    stops_.back().after_ns = item.t_ns;
  }

  // The lowest that anything has reached which this must not overlap.
  [[nodiscard]] double Free(const Stop& stop) const {
    switch (stop.column) {
      case kSendLeft:
      case kSendRight:
        return std::max(below_[stop.column], below_[kMiddle]);
      case kMiddle:
        return std::max({below_[kMiddle],
                         below_[kSendLeft],
                         below_[kSendRight],
                         below_[kArriveLeft] - kArrowGap / 2,
                         below_[kArriveRight] - kArrowGap / 2});
      case kArriveLeft:
      case kArriveRight:
      case kTextLeft:
      case kTextRight:
      case kLaneLeft:
      case kLaneRight:
      case kColumns:
        return below_[stop.column];
    }
    return 0;
  }

  // What happens at one moment stands at one height, if there is room for it in every column; else
  // one below the other.
  void PlaceMoment(size_t begin, size_t end) {
    double y = y_ + GapBefore(stops_[begin].t_ns);
    for (size_t i = begin; i < end; ++i) {
      const Stop& stop = stops_[i];
      const bool sent_before = stop.after != nullptr && stop.after_ns < stop.t_ns;
      y = std::max({y, Free(stop), sent_before ? *stop.after + stop.distance : 0});
    }
    for (size_t i = begin; i < end; ++i) {
      const Stop& stop = stops_[i];
      const double below = stop.after == nullptr ? 0 : *stop.after + stop.distance;
      *stop.y = std::max({y, Free(stop), below});
      below_[stop.column] = *stop.y + stop.height;
      y_ = std::max(y_, *stop.y);
    }
    last_ns_ = stops_[begin].t_ns;
    first_ = false;
  }

  double GapBefore(int64_t t_ns) {
    if (first_) {
      return 0;
    }
    for (size_t i = 0; i < ladder_.silences.size(); ++i) {
      if (ladder_.silences[i].from_ns == last_ns_ && ladder_.silences[i].to_ns == t_ns) {
        // Below everything that stands there already, or the band would lie on it.
        const double bottom = *std::max_element(below_.begin(), below_.end());
        layout_.silences[i].y = std::max(y_, bottom) + kSilenceHeight / 2;
        return layout_.silences[i].y + kSilenceHeight / 2 - y_;
      }
    }
    return Gap(t_ns - last_ns_);
  }

  const Ladder& ladder_;
  LadderWidths widths_;
  LadderLayout layout_;
  std::vector<Stop> stops_;
  std::array<double, kColumns> below_{};
  double y_ = 0;
  int64_t last_ns_ = 0;
  bool first_ = true;
};

// Bytes of the first `columns` characters of UTF-8 text.
size_t BytesOf(const std::string& text, size_t columns) {
  size_t i = 0;
  for (; i < text.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U;
    if (begins && columns-- == 0) {
      break;
    }
  }
  return i;
}

}  // namespace

std::vector<std::string> WrapText(const std::string& text, size_t width) {
  std::vector<std::string> lines;
  std::string rest = text;
  while (BytesOf(rest, width) < rest.size()) {
    const size_t fits = BytesOf(rest, width);
    size_t cut = rest.rfind(' ', fits);
    const bool no_space = cut == std::string::npos || cut == 0;
    cut = no_space ? fits : cut;
    lines.push_back(rest.substr(0, cut));
    rest.erase(0, cut + (no_space ? 0 : 1));
  }
  lines.push_back(rest);
  return lines;
}

LadderLayout LayOut(const Ladder& ladder, const LadderWidths& widths) {
  return Placing(ladder, widths).Place();
}

}  // namespace lastack

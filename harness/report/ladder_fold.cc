// Transfers folded into one item, and silences.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "report/ladder_parts.h"

namespace lastack::ladder {
namespace {

constexpr int64_t kSilenceNs = 200'000'000;  // longer pauses are folded
constexpr size_t kFoldFrom = 4;              // so many segments in a row become one item

// Segments of one kind in a fold.
struct Kind {
  LadderSide side;
  std::string name;  // "data segment"
  size_t count = 0;
  uint64_t bytes = 0;
};

bool IsFoldable(const LadderItem& item) {
  return item.kind == LadderItem::Kind::kArrow && item.states[0].empty() &&
         item.states[1].empty() && !item.marked && item.mismatch.empty() && !item.lost &&
         (!item.control || item.injected);
}

std::string NameOf(const LadderItem& item) {
  std::string name = item.bytes > 0 ? "data segment" : item.control ? item.text : "ACK";
  if (item.injected) {
    return "injected " + name;
  }
  return item.retransmitted ? "retransmitted " + name : name;
}

class Folding {
 public:
  explicit Folding(std::vector<LadderItem>* items) : items_(*items) {}

  void Fold() {
    for (size_t i = 0; i < items_.size(); ++i) {
      if (items_[i].kind != LadderItem::Kind::kArrow) {
        continue;
      }
      const bool near = run_.empty() || items_[i].t_ns - items_[run_.back()].end_ns <= kSilenceNs;
      if (!IsFoldable(items_[i]) || !near) {
        Close();
      }
      if (IsFoldable(items_[i])) {
        run_.push_back(i);
      }
    }
    Close();
    size_t kept = 0;
    for (size_t i = 0; i < items_.size(); ++i) {
      if (!gone_.contains(i)) {
        if (kept != i) {
          items_[kept] = std::move(items_[i]);
        }
        ++kept;
      }
    }
    items_.resize(kept);
  }

 private:
  void Close() {
    if (run_.size() >= kFoldFrom) {
      LadderItem fold{.kind = LadderItem::Kind::kFold,
                      .t_ns = items_[run_.front()].t_ns,
                      .text = {},
                      .states = {}};
      std::vector<Kind> kinds;
      for (const size_t i : run_) {
        fold.end_ns = std::max({fold.end_ns, items_[i].t_ns, items_[i].end_ns});
        Count(items_[i], &kinds);
      }
      gone_.insert(run_.begin() + 1, run_.end());
      Describe(kinds, &fold);
      fold.fields = fmt::format("{}\npackets {} to {} in their sender's capture",
                                fold.text,
                                items_[run_.front()].sent_packet,
                                items_[run_.back()].sent_packet);
      items_[run_.front()] = std::move(fold);
    }
    run_.clear();
  }

  static void Count(const LadderItem& item, std::vector<Kind>* kinds) {
    const std::string name = NameOf(item);
    auto kind = std::find_if(kinds->begin(), kinds->end(), [&](const Kind& one) {
      return one.side == item.side && one.name == name;
    });
    if (kind == kinds->end()) {
      kind = kinds->insert(kinds->end(), {item.side, name});
    }
    ++kind->count;
    kind->bytes += item.bytes;
  }

  // One direction after the other, each with its arrow.
  static void Describe(const std::vector<Kind>& kinds, LadderItem* fold) {
    for (const Kind& kind : kinds) {
      const bool left = kind.side == LadderSide::kLeft;
      std::string part = fmt::format("{} {}{}", kind.count, kind.name, kind.count > 1 ? "s" : "");
      part += kind.bytes > 0 ? ", " + FormatBytes(kind.bytes) : "";
      fold->text += (fold->text.empty() ? "" : "; ") + (left ? part + " →" : "← " + part);
    }
  }

  std::vector<LadderItem>& items_;
  std::vector<size_t> run_;
  std::set<size_t> gone_;
};

}  // namespace

std::string FormatBytes(uint64_t bytes) {
  constexpr uint64_t kKib = 1024;
  constexpr uint64_t kMib = kKib * kKib;
  if (bytes < kKib) {
    return fmt::format("{} byte{}", bytes, bytes == 1 ? "" : "s");
  }
  const auto of = [&](uint64_t unit, const char* name) {
    const double value = static_cast<double>(bytes) / static_cast<double>(unit);
    return bytes % unit == 0 || value >= 10 ? fmt::format("{:.0f} {}", value, name)
                                            : fmt::format("{:.1f} {}", value, name);
  };
  return bytes < kMib ? of(kKib, "KiB") : of(kMib, "MiB");
}

void FoldTransfers(std::vector<LadderItem>* items) {
  Folding(items).Fold();
}

std::vector<LadderSilence> FindSilences(const Ladder& ladder) {
  std::vector<LadderSilence> silences;
  int64_t reached_ns = ladder.items.empty() ? 0 : ladder.items.front().t_ns;
  for (const LadderItem& item : ladder.items) {
    if (item.t_ns - reached_ns > kSilenceNs) {
      silences.push_back({reached_ns, item.t_ns});
    }
    reached_ns = std::max({reached_ns, item.t_ns, item.end_ns});
  }
  return silences;
}

}  // namespace lastack::ladder

// Makes the ladder of one connection.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/time.h"
#include "report/ladder_parts.h"

namespace lastack::ladder {
namespace {

// One connection, or (number −1) a run without any.
class LadderMaker {
 public:
  LadderMaker(const Timeline& timeline, int number) : timeline_(timeline), number_(number) {
    if (number_ < 0) {
      for (size_t i = 0; i < 2 && i < timeline.ends.size(); ++i) {
        ends_[i].host = timeline.ends[i].host;
      }
    } else {
      ends_ = timeline.connections[static_cast<size_t>(number)].ends;
      swapped_ = Rank(ends_[1].host) < Rank(ends_[0].host);
      if (swapped_) {
        std::swap(ends_[0], ends_[1]);
      }
    }
  }

  Ladder Make() {
    for (const TimelineEntry& entry : timeline_.entries) {
      Add(entry);
    }
    std::stable_sort(ladder_.items.begin(), ladder_.items.end(), [](const auto& a, const auto& b) {
      return a.t_ns < b.t_ns;
    });
    for (const LadderItem& item : ladder_.items) {
      ladder_.end_ns = std::max({ladder_.end_ns, item.t_ns, item.end_ns});
    }
    for (size_t i = 0; i < 2; ++i) {
      ladder_.ends[i].title = Title(ends_[i]);
      ladder_.ends[i].boxes = MakeBoxes(timeline_, ends_[i], ladder_.end_ns);
    }
    AddStatesOfTheKernel();
    TellStory({Name(ends_[0]), Name(ends_[1])}, &ladder_);
    FoldTransfers(&ladder_.items);
    ladder_.silences = FindSilences(ladder_);
    return std::move(ladder_);
  }

 private:
  // The place of a host among the sides; a third host's comes after both.
  [[nodiscard]] size_t Rank(const std::string& host) const {
    const auto found = std::find_if(timeline_.ends.begin(),
                                    timeline_.ends.end(),
                                    [&](const TimelineEnd& end) { return end.host == host; });
    return static_cast<size_t>(found - timeline_.ends.begin());
  }

  static std::string Name(const TimelineEndpoint& end) {
    return end.name.empty() ? end.host : end.name;
  }

  static std::string Title(const TimelineEndpoint& end) {
    const bool own_name = end.name.empty() || end.name == end.host;
    std::string title = own_name ? end.host : end.host + " " + end.name;
    return end.address.empty() ? title : title + " " + end.address;
  }

  void Add(const TimelineEntry& entry) {
    switch (entry.kind) {
      case TimelineEntry::Kind::kSegment:
        if (entry.connection == number_) {
          AddArrow(entry);
        }
        return;
      case TimelineEntry::Kind::kKernelState:  // a connection's stand in its lanes
        if (entry.connection < 0 && unconnected_[entry.host] != entry.text) {
          unconnected_[entry.host] = entry.text;
          const std::string name = entry.endpoints.empty() ? "" : entry.endpoints.front() + " ";
          AddText(LadderItem::Kind::kState, entry, name + entry.text);
        }
        return;
      case TimelineEntry::Kind::kCall:
      case TimelineEntry::Kind::kEvent:
        if (Concerns(entry)) {
          AddText(entry.kind == TimelineEntry::Kind::kCall ? LadderItem::Kind::kCall
                                                           : LadderItem::Kind::kEvent,
                  entry,
                  entry.text);
        }
        return;
      case TimelineEntry::Kind::kStep:
        return;
    }
  }

  // Is a call or an event about this connection, or about none in particular?
  [[nodiscard]] bool Concerns(const TimelineEntry& entry) const {
    const auto is_end = [&](const TimelineEndpoint& end) {
      return std::find(entry.endpoints.begin(), entry.endpoints.end(), end.name) !=
             entry.endpoints.end();
    };
    if (entry.marked || is_end(ends_[0]) || is_end(ends_[1])) {
      return true;
    }
    return std::none_of(entry.endpoints.begin(), entry.endpoints.end(), [&](const auto& name) {
      return IsOfOtherConnection(name);
    });
  }

  [[nodiscard]] bool IsOfOtherConnection(const std::string& name) const {
    return std::any_of(timeline_.connections.begin(),
                       timeline_.connections.end(),
                       [&](const TimelineConnection& connection) {
                         return connection.ends[0].name == name || connection.ends[1].name == name;
                       });
  }

  [[nodiscard]] LadderSide SideOf(const TimelineEntry& entry) const {
    for (const std::string& name : entry.endpoints) {  // on lo both ends are on one host
      if (name == ends_[0].name || name == ends_[1].name) {
        return name == ends_[0].name ? LadderSide::kLeft : LadderSide::kRight;
      }
    }
    if (entry.host == ends_[0].host) {
      return LadderSide::kLeft;
    }
    return entry.host == ends_[1].host ? LadderSide::kRight : LadderSide::kMiddle;
  }

  void AddText(LadderItem::Kind kind, const TimelineEntry& entry, const std::string& text) {
    LadderItem item{.kind = kind,
                    .side = SideOf(entry),
                    .t_ns = entry.t_ns,
                    .end_ns = entry.t_ns,
                    .text = text,
                    .states = {}};
    if (item.side == LadderSide::kMiddle && !entry.host.empty()) {
      item.text = entry.host + ": " + text;
    }
    Explain(entry, &item);
    ladder_.items.push_back(std::move(item));
  }

  void AddArrow(const TimelineEntry& entry) {
    const bool from_left =
        number_ < 0 ? entry.host == ends_[0].host : entry.from_initiator != swapped_;
    LadderItem item{.kind = LadderItem::Kind::kArrow,
                    .side = from_left ? LadderSide::kLeft : LadderSide::kRight,
                    .t_ns = entry.t_ns,
                    .end_ns = entry.received_packet == 0 ? entry.t_ns : entry.received_ns,
                    .text = entry.text,
                    .reason = entry.reason,
                    .sent_packet = entry.sent_packet,
                    .received_packet = entry.received_packet,
                    .bytes = entry.bytes,
                    .control = !entry.pure,
                    .rst = entry.text.find("RST") != std::string::npos,
                    .lost = entry.received_packet == 0,
                    .retransmitted = entry.retransmitted,
                    .injected = entry.injected,
                    .duplicate = entry.sent_packet == 0 && !entry.injected,
                    .states = {}};
    item.numbers = fmt::format("seq={}", entry.seq);
    item.numbers += entry.has_ack ? fmt::format(" ack={}", entry.ack) : "";
    item.numbers += entry.bytes > 0 ? fmt::format(" len={}", entry.bytes) : "";
    item.numbers += entry.reason.empty() ? "" : " " + entry.reason;
    const size_t sender = from_left ? 0 : 1;
    item.states[sender] = StateAt(ends_[sender], entry.sent_packet);
    item.states[1 - sender] = StateAt(ends_[1 - sender], entry.received_packet);
    DescribeArrow(entry, from_left, &item);
    Explain(entry, &item);
    ladder_.items.push_back(std::move(item));
  }

  static std::string StateAt(const TimelineEndpoint& end, int64_t packet) {
    std::string text;
    for (const TimelineState& state : end.states) {
      if (!state.kernel && packet != 0 && state.packet == packet) {
        text += (text.empty() ? "" : ", ") + state.state;
      }
    }
    return text;
  }

  void DescribeArrow(const TimelineEntry& entry, bool from_left, LadderItem* item) const {
    const auto ms = [](int64_t t_ns) {
      constexpr double kNsPerMs = 1e6;
      return fmt::format("{:.3f} ms", static_cast<double>(t_ns) / kNsPerMs);
    };
    const TimelineEndpoint& sender = ends_[from_left ? 0 : 1];
    const TimelineEndpoint& receiver = ends_[from_left ? 1 : 0];
    item->fields = fmt::format("{} {} window={}", entry.text, item->numbers, entry.window);
    if (entry.injected) {
      item->fields += "\nmade by the relay";
    } else if (entry.sent_packet == 0) {
      item->fields += "\nnot in the sender's capture";
    } else {
      item->fields += fmt::format(
          "\nsent by {} at {}, packet {}", Name(sender), ms(entry.t_ns), entry.sent_packet);
    }
    if (entry.retransmitted) {
      item->fields += "\nsent before: a retransmission";
    }
    if (item->lost) {
      item->fields +=
          entry.lost ? "\nlost: the relay did not pass it on" : "\nnot in the receiver's capture";
    } else {
      item->fields += fmt::format("\nreceived by {} at {}, packet {}",
                                  Name(receiver),
                                  ms(entry.received_ns),
                                  entry.received_packet);
      item->fields +=
          entry.sent_packet == 0
              ? ""
              : " (after " + FormatDuration(Duration(entry.received_ns - entry.t_ns)) + ")";
    }
    for (size_t i = 0; i < 2; ++i) {
      if (!item->states[i].empty()) {
        item->fields += fmt::format("\n{} → {}", Name(ends_[i]), item->states[i]);
      }
    }
  }

  // The step behind it, and what is wrong with it.
  void Explain(const TimelineEntry& entry, LadderItem* item) const {
    item->step = entry.step;
    if (entry.step >= 0 && static_cast<size_t>(entry.step) < timeline_.steps.size()) {
      const TimelineStep& step = timeline_.steps[static_cast<size_t>(entry.step)];
      item->line = step.line;
      item->fields += fmt::format("{}step {} (line {}): {}",
                                  item->fields.empty() ? "" : "\n",
                                  entry.step + 1,
                                  step.line,
                                  step.text);
    }
    item->marked = entry.marked;
    item->mismatch = Mismatch(timeline_, entry.finding);
  }

  void AddStatesOfTheKernel() {
    for (size_t i = 0; i < 2; ++i) {
      for (const LadderBox& box : ladder_.ends[i].boxes) {
        if (box.kernel_only) {
          ladder_.items.push_back({.kind = LadderItem::Kind::kState,
                                   .side = i == 0 ? LadderSide::kLeft : LadderSide::kRight,
                                   .t_ns = box.from_ns,
                                   .end_ns = box.from_ns,
                                   .text = box.state,
                                   .mismatch = box.mismatch,
                                   .states = {}});
        }
      }
    }
    std::stable_sort(ladder_.items.begin(), ladder_.items.end(), [](const auto& a, const auto& b) {
      return a.t_ns < b.t_ns;
    });
  }

  const Timeline& timeline_;
  int number_;
  bool swapped_ = false;  // who sent the first SYN stands at the right
  std::array<TimelineEndpoint, 2> ends_;
  std::map<std::string, std::string> unconnected_;  // host → state shown last
  Ladder ladder_;
};

}  // namespace

Ladder MakeLadder(const Timeline& timeline, int connection) {
  return LadderMaker(timeline, connection).Make();
}

}  // namespace lastack::ladder

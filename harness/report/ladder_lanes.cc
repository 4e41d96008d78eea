// One sequence of states from what the wire and the kernel saw of an endpoint.
#include <algorithm>

#include <fmt/format.h>

#include "report/ladder_parts.h"

namespace lastack::ladder {
namespace {

// A sample or an event of the kernel may be this far from the segment that led to the same state:
// taps and kernel stamp at different places, and a preempted thread reads its clock late.
constexpr int64_t kSlackNs = 2'000'000;

LadderRole RoleOf(const std::string& state) {
  if (state == "FIN-WAIT-1" || state == "FIN-WAIT-2" || state == "CLOSING") {
    return LadderRole::kActive;
  }
  if (state == "CLOSE-WAIT" || state == "LAST-ACK") {
    return LadderRole::kPassive;
  }
  if (state == "TIME-WAIT") {
    return LadderRole::kTimeWait;
  }
  return state == "CLOSED" ? LadderRole::kClosed : LadderRole::kOpen;
}

class LaneMerge {
 public:
  LaneMerge(const Timeline& timeline, const TimelineEndpoint& endpoint) : timeline_(timeline) {
    for (const TimelineState& state : endpoint.states) {
      (state.kernel ? kernel_ : wire_).push_back(&state);
    }
    std::stable_sort(kernel_.begin(), kernel_.end(), [](const auto* a, const auto* b) {
      return a->t_ns < b->t_ns;
    });
  }

  std::vector<LadderBox> Merge() {
    std::vector<LadderBox> boxes;
    for (const TimelineState* state : wire_) {
      boxes.push_back(Box(*state));
    }
    size_t next = 0;  // where in `boxes` the kernel is
    for (const TimelineState* state : kernel_) {
      const bool unborn = boxes.empty() || state->t_ns < boxes.front().from_ns;
      if (unborn && (state->state == "CLOSED" || state->state == "LISTEN")) {
        continue;
      }
      const size_t same = Find(boxes, *state, next);
      if (same < boxes.size()) {
        next = same;
        Mark(*state, &boxes[same]);
      } else {
        next = Insert(Box(*state), &boxes);
      }
    }
    return boxes;
  }

 private:
  [[nodiscard]] LadderBox Box(const TimelineState& state) const {
    LadderBox box{.state = state.state,
                  .role = RoleOf(state.state),
                  .from_ns = state.t_ns,
                  .to_ns = state.t_ns,
                  .kernel_only = state.kernel,
                  .cause = state.kernel ? "seen by the kernel witness only" : state.cause};
    Mark(state, &box);
    return box;
  }

  void Mark(const TimelineState& state, LadderBox* box) const {
    if (box->mismatch.empty()) {
      box->mismatch = Mismatch(timeline_, state.finding);
    }
  }

  // The box of this state in which the kernel's observation falls.
  static size_t Find(const std::vector<LadderBox>& boxes, const TimelineState& state, size_t from) {
    for (size_t i = from; i < boxes.size(); ++i) {
      const bool not_over = i + 1 == boxes.size() || state.t_ns <= boxes[i + 1].from_ns + kSlackNs;
      if (boxes[i].state == state.state && not_over && state.t_ns + kSlackNs >= boxes[i].from_ns) {
        return i;
      }
    }
    return boxes.size();
  }

  // In the order of time, but never before what the kernel has been seen in already.
  static size_t Insert(LadderBox box, std::vector<LadderBox>* boxes) {
    const auto after = std::upper_bound(
        boxes->begin(), boxes->end(), box.from_ns, [](int64_t t_ns, const LadderBox& other) {
          return t_ns < other.from_ns;
        });
    return static_cast<size_t>(boxes->insert(after, std::move(box)) - boxes->begin());
  }

  const Timeline& timeline_;
  std::vector<const TimelineState*> wire_;
  std::vector<const TimelineState*> kernel_;
};

}  // namespace

std::string Mismatch(const Timeline& timeline, int finding) {
  if (finding == kNoFinding) {
    return "";
  }
  const TimelineFinding& found = timeline.findings[static_cast<size_t>(finding)];
  const std::string place = found.line == 0 ? "" : fmt::format(" (:{})", found.line);
  if (found.want.empty()) {
    return found.got + place;
  }
  return fmt::format("want {}{}, got {}", found.want, place, found.got);
}

std::vector<LadderBox> MakeBoxes(const Timeline& timeline,
                                 const TimelineEndpoint& endpoint,
                                 int64_t end_ns) {
  std::vector<LadderBox> boxes = LaneMerge(timeline, endpoint).Merge();
  for (size_t i = 0; i < boxes.size(); ++i) {
    boxes[i].to_ns =
        i + 1 < boxes.size() ? boxes[i + 1].from_ns : std::max(end_ns, boxes[i].from_ns);
  }
  return boxes;
}

}  // namespace lastack::ladder

#include "judge/fates.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace lastack {
namespace {

// How far the clock of a capture and that of the relay may be apart for one segment: the taps stamp
// CLOCK_REALTIME, which is converted, and a thread can be preempted between its two readings.
constexpr int64_t kClockMarginNs = 200'000;

SegmentIdentity IdentityOf(const WireSegment& segment) {
  return {
      segment.source, segment.destination, segment.seq, segment.ack, segment.flags, segment.len};
}

class Marker {
 public:
  Marker(const Evidence& evidence, std::vector<SeenSegments>* captures) {
    for (SeenSegments& capture : *captures) {
      for (SeenSegment& seen : capture) {
        if (!seen.loopback) {
          (seen.sent ? sent_ : received_)[lastack::IdentityOf(seen.segment)].push_back(&seen);
        }
      }
    }
    for (const auto& [event, changed] : Select<HostChanged>(evidence.events)) {
      if (changed->what == "vanished") {
        vanished_.insert(changed->host);
      }
    }
  }

  void Take(const Event& event, const WireDecided& decided) {
    switch (decided.what) {
      case WireDecision::kDropped:
        Lose(event, decided);
        break;
      case WireDecision::kHeld:
        if (SeenSegment* seen = TakeSent(event, decided)) {
          held_[IdentityOf(decided.segment)].push_back(seen);
        }
        break;
      case WireDecision::kReleased:
        static_cast<void>(TakeHeld(decided));
        break;
      case WireDecision::kCut:
        if (SeenSegment* seen = TakeHeld(decided)) {
          seen->lost = true;
        } else {
          Lose(event, decided);
        }
        break;
      case WireDecision::kInjected:
        MarkInjected(event, decided);
        break;
      case WireDecision::kDuplicated:
        break;  // it arrives, once more than it was sent
    }
  }

  // Those that the relay still holds never arrived.
  std::vector<int64_t> Finish() {
    for (const auto& [identity, segments] : held_) {
      for (SeenSegment* seen : segments) {
        seen->lost = true;
      }
    }
    return std::move(unseen_);
  }

 private:
  using ByIdentity = std::map<SegmentIdentity, std::deque<SeenSegment*>>;

  void Lose(const Event& event, const WireDecided& decided) {
    if (SeenSegment* seen = TakeSent(event, decided)) {
      seen->lost = true;
    }
  }

  // The latest such segment that had been sent by then, without a decision of its own: equal ones
  // before it have been passed on.
  SeenSegment* TakeSent(const Event& event, const WireDecided& decided) {
    std::deque<SeenSegment*>& sent = sent_[IdentityOf(decided.segment)];
    const auto after = std::find_if(
        sent.begin(), sent.end(), [&](const SeenSegment* seen) { return seen->t_ns > event.t_ns; });
    const bool next_is_near = after != sent.end() && (*after)->t_ns <= event.t_ns + kClockMarginNs;
    if (after == sent.begin() && !next_is_near) {
      if (!vanished_.contains(decided.from)) {
        unseen_.push_back(event.id);
      }
      return nullptr;
    }
    const auto chosen = after == sent.begin() ? after : std::prev(after);
    SeenSegment* seen = *chosen;
    sent.erase(chosen);
    return seen;
  }

  SeenSegment* TakeHeld(const WireDecided& decided) {
    std::deque<SeenSegment*>& held = held_[IdentityOf(decided.segment)];
    if (held.empty()) {
      return nullptr;
    }
    SeenSegment* seen = held.front();
    held.pop_front();
    return seen;
  }

  void MarkInjected(const Event& event, const WireDecided& decided) {
    for (SeenSegment* seen : received_[IdentityOf(decided.segment)]) {
      if (!seen->injected && seen->t_ns + kClockMarginNs >= event.t_ns) {
        seen->injected = true;
        return;
      }
    }
  }

  ByIdentity sent_;
  ByIdentity received_;
  ByIdentity held_;
  std::set<std::string> vanished_;
  std::vector<int64_t> unseen_;
};

}  // namespace

std::vector<int64_t> MarkFates(const Evidence& evidence, std::vector<SeenSegments>* captures) {
  const auto decisions = Select<WireDecided>(evidence.events);
  if (decisions.empty()) {
    return {};
  }
  Marker marker(evidence, captures);
  for (const auto& [event, decided] : decisions) {
    marker.Take(*event, *decided);
  }
  return marker.Finish();
}

}  // namespace lastack

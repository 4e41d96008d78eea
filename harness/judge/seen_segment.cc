#include "judge/seen_segment.h"

#include <algorithm>
#include <map>
#include <utility>

namespace lastack {
namespace {

class CausalMerge {
 public:
  explicit CausalMerge(std::vector<std::vector<SeenSegment>> captures)
      : captures_(std::move(captures)), next_(captures_.size(), 0) {
    for (const auto& capture : captures_) {
      for (const SeenSegment& seen : capture) {
        to_come_[IdentityOf(seen.segment)] += seen.sent ? 1 : 0;
      }
    }
  }

  std::vector<SeenSegment> Merge() {
    std::vector<SeenSegment> merged;
    for (size_t from = Choose(); from < captures_.size(); from = Choose()) {
      SeenSegment& seen = captures_[from][next_[from]++];
      const SegmentIdentity identity = IdentityOf(seen.segment);
      to_come_[identity] -= seen.sent ? 1 : 0;
      under_way_[identity] += seen.lost ? 0 : (seen.sent ? 1 : -1);
      if (!merged.empty()) {
        seen.t_ns = std::max(seen.t_ns, merged.back().t_ns);
      }
      merged.push_back(std::move(seen));
    }
    return merged;
  }

 private:
  // The capture whose next segment comes first; captures_.size() when all are done.
  [[nodiscard]] size_t Choose() const {
    size_t best = captures_.size();
    bool best_waits = false;
    for (size_t i = 0; i < captures_.size(); ++i) {
      if (next_[i] == captures_[i].size()) {
        continue;
      }
      const SeenSegment& seen = captures_[i][next_[i]];
      const bool waits = WaitsForSending(seen);
      const bool better = best == captures_.size() || waits < best_waits ||
                          (waits == best_waits && seen.t_ns < captures_[best][next_[best]].t_ns);
      if (better) {
        best = i;
        best_waits = waits;
      }
    }
    return best;
  }

  // Received, none such is under way, and one is still to be sent.
  [[nodiscard]] bool WaitsForSending(const SeenSegment& seen) const {
    const SegmentIdentity identity = IdentityOf(seen.segment);
    const auto under_way = under_way_.find(identity);
    const bool none = under_way == under_way_.end() || under_way->second <= 0;
    return !seen.sent && none && to_come_.at(identity) > 0;
  }

  std::vector<std::vector<SeenSegment>> captures_;
  std::vector<size_t> next_;
  std::map<SegmentIdentity, int> to_come_;    // sendings not yet merged
  std::map<SegmentIdentity, int> under_way_;  // sent and not yet received
};

}  // namespace

SegmentIdentity IdentityOf(const Segment& segment) {
  return {segment.source,
          segment.destination,
          segment.seg_seq,
          segment.seg_ack,
          ToString(segment.flags),
          segment.seg_len};
}

SeenSegments MergeCausally(std::vector<SeenSegments> captures) {
  return CausalMerge(std::move(captures)).Merge();
}

}  // namespace lastack

#include "judge/repetitions.h"

namespace lastack {

std::optional<Duration> Repetitions::Add(const SeenSegment& seen) {
  const Segment& segment = seen.segment;
  if (seen.injected || segment.flags.rst || !(segment.flags.syn || segment.flags.fin)) {
    return std::nullopt;
  }
  const auto [last, is_first] = last_.try_emplace(
      {segment.source, segment.destination, segment.seg_seq, ToString(segment.flags)}, seen.t_ns);
  const Duration since(seen.t_ns - last->second);
  last->second = seen.t_ns;
  return is_first ? std::nullopt : std::optional(since);
}

const ProbeRead* StallOver(Duration between, int64_t t_ns, const Delays& delays) {
  for (const Stall& stall : delays.stalls) {
    if (stall.from_ns <= t_ns && t_ns <= stall.to_ns && between > stall.probe->margin &&
        between <= delays.round_trip + stall.probe->value + stall.probe->margin) {
      return stall.probe;
    }
  }
  return nullptr;
}

}  // namespace lastack

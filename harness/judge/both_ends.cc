#include "judge/both_ends.h"

#include <map>
#include <utility>

#include <fmt/format.h>

#include "judge/segments.h"

namespace lastack {
namespace {

bool IsMarked(const SeenSegment& seen) {
  return !seen.loopback &&
         (seen.segment.flags.syn || seen.segment.flags.fin || seen.segment.flags.rst);
}

}  // namespace

std::vector<Finding> CheckBothEnds(const Scenario& scenario,
                                   const Evidence& evidence,
                                   const Reconstruction& what) {
  // Sent and not lost, minus received and not made on the way.
  std::map<SegmentIdentity, std::pair<int, const SeenSegment*>> balance;
  for (const SeenSegment& seen : what.segments) {
    if (IsMarked(seen) && !seen.lost && !seen.injected) {
      auto& [count, example] = balance[IdentityOf(seen.segment)];
      count += seen.sent ? 1 : -1;
      example = &seen;
    }
  }
  for (const auto& [event, decided] : Select<WireDecided>(evidence.events)) {
    const WireSegment& segment = decided->segment;
    const auto found = balance.find({segment.source,
                                     segment.destination,
                                     segment.seq,
                                     segment.ack,
                                     segment.flags,
                                     segment.len});
    if (decided->what == WireDecision::kDuplicated && found != balance.end()) {
      ++found->second.first;
    }
  }
  std::vector<Finding> findings;
  for (const auto& [identity, entry] : balance) {
    const auto& [count, example] = entry;
    if (count != 0) {
      findings.push_back(
          {.witness = Witness::kWire,
           .expected = Describe("", example->segment) + " in the captures of both ends",
           .actual = fmt::format("{} only in the {}'s",
                                 count > 0 ? count : -count,
                                 count > 0 ? "sender" : "receiver"),
           .place = scenario.place,
           .packets = {example->packet},
           .host = example->host});
    }
  }
  if (!what.unseen_decisions.empty()) {
    findings.push_back(
        {.witness = Witness::kWire,
         .expected = "what the relay stopped in its sender's capture",
         .actual = fmt::format("{} segments are not there", what.unseen_decisions.size()),
         .place = scenario.place,
         .events = what.unseen_decisions});
  }
  return findings;
}

}  // namespace lastack

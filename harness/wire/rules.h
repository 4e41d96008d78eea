// The rules in force: which of them takes a segment, and when what they hold may go on.
//
// Pure. Times are CLOCK_MONOTONIC. Rules are tried in the order in which they were added; the first
// that matches takes the segment. A hold that is over takes nothing any more, but goes on counting.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "scenario/model.h"
#include "tcp/segment.h"
#include "wire/match.h"
#include "wire/tracked.h"

namespace lastack {

// A segment that a rule keeps.
struct HeldSegment {
  std::string rule;
  size_t from = 0;
  Segment segment;
  std::vector<uint8_t> frame;
  int64_t due_ns = std::numeric_limits<int64_t>::max();  // no time, unless the rule has one
  uint64_t arrival = 0;                                  // counts all held segments
};

// The rule that has taken a segment.
struct Taken {
  std::string rule;
  WireAction action = WireAction::kDrop;
};

class RuleSet {
 public:
  // The tracker must outlive it.
  RuleSet(HostNames hosts, const Tracker* tracker) : hosts_(std::move(hosts)), tracker_(tracker) {}

  // All of them or none. Errors: kScenario for a name that is taken, or for a MATCH that names
  // nothing.
  [[nodiscard]] Status Add(const std::vector<WireRule>& rules);
  // The rule takes nothing any more: it is gone, or it is over. What it holds comes with the next
  // TakeEnded. Errors: kScenario if there is no such rule.
  [[nodiscard]] Status Remove(const std::string& name);
  [[nodiscard]] Status Release(const std::string& name);
  // Ends what waits for this step or an earlier one.
  void BeginStep(int step);
  // The tracker knows other addresses for this connection: counts again what fits it.
  void OnNamed(const std::string& connection);

  // A segment has reached the relay. Returns the rule that takes it, if one does; for a hold, the
  // caller passes the segment to Hold. Ends the holds that waited for this segment.
  [[nodiscard]] std::optional<Taken> Take(const Sighting& sighting);
  void Hold(const std::string& rule,
            size_t from,
            const Segment& segment,
            std::vector<uint8_t> frame,
            int64_t now_ns);

  // The segments whose rules are over or gone, those whose time has come, and all. Each in the
  // order of arrival.
  [[nodiscard]] std::vector<HeldSegment> TakeEnded();
  [[nodiscard]] std::vector<HeldSegment> TakeDue(int64_t now_ns);
  [[nodiscard]] std::vector<HeldSegment> TakeAll();
  // When the next one is due.
  [[nodiscard]] std::optional<int64_t> NextDueNs() const;

  // How many segments each rule has matched, also those that it let pass because it was over, also
  // of rules that are gone.
  [[nodiscard]] std::map<std::string, int64_t> Counts() const;

 private:
  struct Rule {
    WireRule spec;
    Pattern match;
    std::optional<Pattern> sees;
    size_t added_at = 0;               // index into history_
    std::optional<size_t> first_held;  // likewise
    int64_t fitting = 0;               // segments that fit `match`, whatever their number
    int64_t matched = 0;               // … and have the right number, and came to this rule
    int64_t seen = 0;                  // segments that fit `sees`
    bool over = false;
    std::deque<HeldSegment> held;
  };

  [[nodiscard]] Result<Rule> Make(const WireRule& spec) const;
  [[nodiscard]] Rule* Find(const std::string& name);
  // How many segments of the history, from this one on, fit.
  [[nodiscard]] int64_t CountFrom(size_t begin, const Pattern& pattern) const;
  void CountSeen(Rule* rule) const;
  void Notice(const Sighting& sighting);

  HostNames hosts_;
  const Tracker* tracker_;
  std::vector<Rule> rules_;
  std::vector<HeldSegment> orphans_;             // of rules that are gone
  std::map<std::string, int64_t> gone_matched_;  // likewise
  std::vector<Sighting> history_;                // of the whole run
  uint64_t arrivals_ = 0;
  int step_ = -1;  // the last one that has begun
};

}  // namespace lastack

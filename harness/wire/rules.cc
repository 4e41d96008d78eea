// Trying the rules in order, and ending holds.
#include "wire/rules.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace lastack {
namespace {

void MoveInto(std::deque<HeldSegment>* held, std::vector<HeldSegment>* all) {
  std::ranges::move(*held, std::back_inserter(*all));
  held->clear();
}

std::vector<HeldSegment> ByArrival(std::vector<HeldSegment> segments) {
  std::ranges::sort(segments, {}, &HeldSegment::arrival);
  return segments;
}

tl::unexpected<Error> NoSuchRule(const std::string& name) {
  return Fail(ErrorKind::kScenario, fmt::format("the wire has no rule \"{}\"", name));
}

}  // namespace

Result<RuleSet::Rule> RuleSet::Make(const WireRule& spec) const {
  Result<Pattern> match = CompilePattern(spec.match, hosts_);
  if (!match) {
    return Fail(match.error());
  }
  Rule rule;
  rule.spec = spec;
  rule.match = std::move(*match);
  rule.added_at = history_.size();
  if (spec.sees) {
    Result<Pattern> sees = CompilePattern(*spec.sees, hosts_);
    if (!sees) {
      return Fail(sees.error());
    }
    rule.sees = std::move(*sees);
    CountSeen(&rule);
  }
  rule.over = rule.over || (spec.step && *spec.step <= step_);
  return rule;
}

Status RuleSet::Add(const std::vector<WireRule>& rules) {
  std::vector<Rule> made;
  std::set<std::string> names;
  for (const WireRule& spec : rules) {
    if (Find(spec.name) != nullptr || !names.insert(spec.name).second) {
      return Fail(ErrorKind::kScenario,
                  fmt::format("the wire has a rule \"{}\" already", spec.name));
    }
    Result<Rule> rule = Make(spec);
    if (!rule) {
      return Fail(rule.error());
    }
    made.push_back(std::move(*rule));
  }
  std::ranges::move(made, std::back_inserter(rules_));
  return {};
}

Status RuleSet::Remove(const std::string& name) {
  Rule* const rule = Find(name);
  if (rule == nullptr) {
    return NoSuchRule(name);
  }
  MoveInto(&rule->held, &orphans_);
  gone_matched_[name] += rule->matched;
  rules_.erase(rules_.begin() + (rule - rules_.data()));
  return {};
}

Status RuleSet::Release(const std::string& name) {
  Rule* const rule = Find(name);
  if (rule == nullptr) {
    return NoSuchRule(name);
  }
  rule->over = true;
  return {};
}

void RuleSet::BeginStep(int step) {
  step_ = std::max(step_, step);
  for (Rule& rule : rules_) {
    rule.over = rule.over || (rule.spec.step && *rule.spec.step <= step_);
  }
}

void RuleSet::OnNamed(const std::string& connection) {
  for (Rule& rule : rules_) {
    if (rule.match.connection == connection) {
      rule.fitting = CountFrom(rule.added_at, rule.match);
    }
    if (rule.sees && rule.sees->connection == connection) {
      CountSeen(&rule);
    }
  }
}

RuleSet::Rule* RuleSet::Find(const std::string& name) {
  const auto rule =
      std::ranges::find_if(rules_, [&](const Rule& r) { return r.spec.name == name; });
  return rule == rules_.end() ? nullptr : &*rule;
}

int64_t RuleSet::CountFrom(size_t begin, const Pattern& pattern) const {
  return std::ranges::count_if(history_.begin() + static_cast<ptrdiff_t>(begin),
                               history_.end(),
                               [&](const Sighting& s) { return Fits(pattern, s, *tracker_); });
}

// From the start of the run, or behind the first segment that it holds.
void RuleSet::CountSeen(Rule* rule) const {
  if (rule->spec.behind && !rule->first_held) {
    return;
  }
  rule->seen = CountFrom(rule->spec.behind ? *rule->first_held + 1 : 0, *rule->sees);
  rule->over = rule->over || rule->seen >= (rule->spec.sees->nth ? rule->spec.sees->nth->min : 1);
}

void RuleSet::Notice(const Sighting& sighting) {
  history_.push_back(sighting);
  for (Rule& rule : rules_) {
    const bool counts = rule.sees && !rule.over && (!rule.spec.behind || rule.first_held);
    if (counts && Fits(*rule.sees, sighting, *tracker_)) {
      ++rule.seen;
      rule.over = rule.seen >= (rule.spec.sees->nth ? rule.spec.sees->nth->min : 1);
    }
  }
}

std::optional<Taken> RuleSet::Take(const Sighting& sighting) {
  Notice(sighting);
  std::optional<Taken> taken;
  for (Rule& rule : rules_) {
    if (!Fits(rule.match, sighting, *tracker_)) {
      continue;
    }
    ++rule.fitting;  // also if another rule has taken it
    const bool wanted = !rule.spec.match.nth || rule.spec.match.nth->Contains(rule.fitting);
    if (!wanted || taken) {
      continue;
    }
    ++rule.matched;
    if (!rule.over) {
      taken = Taken{rule.spec.name, rule.spec.action};
    }
  }
  return taken;
}

void RuleSet::Hold(const std::string& rule,
                   size_t from,
                   const Segment& segment,
                   std::vector<uint8_t> frame,
                   int64_t now_ns) {
  Rule* const holder = Find(rule);
  if (holder == nullptr) {
    return;
  }
  if (!holder->first_held) {
    holder->first_held = history_.size() - 1;
  }
  HeldSegment held{.rule = rule, .from = from, .segment = segment, .frame = std::move(frame)};
  if (holder->spec.after) {
    held.due_ns = now_ns + holder->spec.after->count();
  }
  held.arrival = arrivals_++;
  holder->held.push_back(std::move(held));
}

std::vector<HeldSegment> RuleSet::TakeEnded() {
  std::vector<HeldSegment> ended = std::exchange(orphans_, {});
  for (Rule& rule : rules_) {
    if (rule.over) {
      MoveInto(&rule.held, &ended);
    }
  }
  return ByArrival(std::move(ended));
}

// Within a rule each segment is held for the same time, so the first one held is due first.
std::vector<HeldSegment> RuleSet::TakeDue(int64_t now_ns) {
  std::vector<HeldSegment> due;
  for (Rule& rule : rules_) {
    while (!rule.held.empty() && rule.held.front().due_ns <= now_ns) {
      due.push_back(std::move(rule.held.front()));
      rule.held.pop_front();
    }
  }
  std::ranges::stable_sort(due, {}, &HeldSegment::due_ns);
  return due;
}

std::vector<HeldSegment> RuleSet::TakeAll() {
  std::vector<HeldSegment> all = std::exchange(orphans_, {});
  for (Rule& rule : rules_) {
    MoveInto(&rule.held, &all);
  }
  return ByArrival(std::move(all));
}

std::optional<int64_t> RuleSet::NextDueNs() const {
  std::optional<int64_t> next;
  for (const Rule& rule : rules_) {
    if (rule.spec.after && !rule.held.empty()) {
      const int64_t due_ns = rule.held.front().due_ns;
      next = next ? std::min(*next, due_ns) : due_ns;
    }
  }
  return next;
}

std::map<std::string, int64_t> RuleSet::Counts() const {
  std::map<std::string, int64_t> counts = gone_matched_;
  for (const Rule& rule : rules_) {
    counts[rule.spec.name] += rule.matched;
  }
  return counts;
}

}  // namespace lastack

// Reads expectations of calls.
#include "scenario/bind_outcome.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/errno_name.h"
#include "scenario/bind_option.h"

namespace lastack {
namespace {

bool LooksLikeErrno(std::string_view text) {
  return text.size() > 1 && text[0] == 'E' &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= 'Z'; });
}

std::vector<std::string> ErrnoNames() {
  constexpr int kMaxErrno = 134;  // above EHWPOISON, the last one of Linux
  std::vector<std::string> names;
  for (int number = 1; number < kMaxErrno; ++number) {
    names.push_back(ErrnoName(number));
  }
  return names;
}

void CheckErrno(const std::string& name, const Place& place, Problems& problems) {
  if (!ErrnoFromName(name)) {
    problems.Add(place, Unknown("errno", name, ErrnoNames()));
  }
}

Outcome ReadCounts(const Node& node, Problems& problems) {
  Counts counts;
  for (const Entry& entry : node.entries) {
    if (entry.key != "ok" && entry.key != "eof") {
      CheckErrno(entry.key, entry.place, problems);
    }
    counts.of[entry.key] = ReadRange(entry.value, problems);
  }
  return counts;
}

Outcome ReadEvents(const Node& node, const OutcomeContext& context, Problems& problems) {
  Events events;
  if (!context.poll) {
    problems.Add(node.place,
                 "a value, a range, an errno name, eof, killed or counts are wanted here");
  }
  for (const Node& item : node.items) {
    events.names.push_back(ReadWord(item, "event", PollEventNames(), problems));
  }
  return events;
}

bool IsEvent(const std::string& text) {
  const auto& names = PollEventNames();
  return std::find(names.begin(), names.end(), text) != names.end();
}

Outcome ReadValue(const Node& node, const OutcomeContext& context, Problems& problems) {
  if (context.option != nullptr) {
    if (const auto range = ParseOptionRange(*context.option, node.text)) {
      return Value{*range};
    }
  }
  if (LooksLikeErrno(node.text)) {
    CheckErrno(node.text, node.place, problems);
    return ErrnoIs{node.text};
  }
  const bool number = !node.text.empty() && node.text.find_first_of("0123456789") <= 1;
  if (!number) {
    problems.Add(node.place,
                 Unknown("result", node.text, {"success", "eof", "killed", "timeout"}) +
                     " (or a value, a range 1..10, an errno name)");
    return Success{};
  }
  return Value{ReadRange(node, problems)};
}

Outcome ReadWordOrValue(const Node& node, const OutcomeContext& context, Problems& problems) {
  if (node.text == "success" || node.text == "ok") {
    return Success{};
  }
  if (node.text == "eof") {
    return Eof{};
  }
  if (node.text == "killed") {
    return Killed{};
  }
  if (context.poll && node.text == "timeout") {
    return Events{};
  }
  if (context.poll && IsEvent(node.text)) {
    return Events{{node.text}};
  }
  return ReadValue(node, context, problems);
}

Outcome ReadOutcome(const Node& node, const OutcomeContext& context, Problems& problems) {
  switch (node.kind) {
    case Node::Kind::kNull:
      problems.Add(node.place, "'expect' needs a value");
      return Success{};
    case Node::Kind::kScalar:
      return ReadWordOrValue(node, context, problems);
    case Node::Kind::kSequence:
      return ReadEvents(node, context, problems);
    case Node::Kind::kMap:
      return ReadCounts(node, problems);
  }
  return Success{};
}

}  // namespace

Expected ReadExpected(const MapReader& reader,
                      const Place& step,
                      const OutcomeContext& context,
                      Problems& problems) {
  Expected expected;
  expected.place = step;
  if (const Node* node = reader.Get("expect")) {
    expected.outcome = ReadOutcome(*node, context, problems);
    expected.place = node->place;
  }
  if (const Node* node = reader.Get("took")) {
    expected.took = ReadDurationRange(*node, problems);
    expected.took_place = node->place;
  }
  return expected;
}

Duration ReadWithin(const MapReader& reader,
                    Duration standard,
                    Duration longest,
                    Problems& problems) {
  if (const Node* node = reader.Get("within")) {
    return ReadDuration(*node, problems);
  }
  return longest > standard ? 2 * longest : standard;
}

}  // namespace lastack

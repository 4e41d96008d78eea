#include "report/ladder.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "report/ladder_parts.h"

namespace lastack {
namespace {

constexpr size_t kLaddersDrawn = 3;   // of the first connections
constexpr size_t kLaddersMarked = 3;  // further ones with a finding

// Is something wrong at this end, as far as a drawing can show it?
bool IsMarked(const Timeline& timeline, const TimelineEndpoint& end) {
  const auto unattached = [&](const TimelineFinding& finding) {
    return !finding.attached && finding.endpoint == end.name && !end.name.empty();
  };
  return std::any_of(end.states.begin(),
                     end.states.end(),
                     [](const TimelineState& state) { return state.finding != kNoFinding; }) ||
         std::any_of(timeline.findings.begin(), timeline.findings.end(), unattached);
}

// The connections that have a ladder of their own.
std::vector<int> Chosen(const Timeline& timeline) {
  std::set<int> marked;
  for (const TimelineEntry& entry : timeline.entries) {
    if (entry.connection >= 0 && entry.marked) {
      marked.insert(entry.connection);
    }
  }
  std::set<int> chosen;
  for (size_t i = 0; i < timeline.connections.size(); ++i) {
    const auto& ends = timeline.connections[i].ends;
    if (i < kLaddersDrawn) {
      chosen.insert(static_cast<int>(i));
    } else if (IsMarked(timeline, ends[0]) || IsMarked(timeline, ends[1])) {
      marked.insert(static_cast<int>(i));
    }
  }
  for (const int number : marked) {
    if (chosen.size() < kLaddersDrawn + kLaddersMarked) {
      chosen.insert(number);
    }
  }
  return chosen.empty() ? std::vector<int>{-1} : std::vector<int>(chosen.begin(), chosen.end());
}

bool IsAbout(const Timeline& timeline, const TimelineFinding& finding, int connection) {
  if (connection < 0) {
    return false;
  }
  const auto& ends = timeline.connections[static_cast<size_t>(connection)].ends;
  return ends[0].name == finding.endpoint || ends[1].name == finding.endpoint;
}

std::string StatesOf(const TimelineEndpoint& end) {
  std::string text;
  for (const TimelineState& state : end.states) {
    if (!state.kernel) {
      text += (text.empty() ? "" : ", ") + state.state;
    }
  }
  return text;
}

std::vector<LadderGroup> Group(const Timeline& timeline) {
  std::vector<std::string> segments(timeline.connections.size());
  for (const TimelineEntry& entry : timeline.entries) {
    const bool closes =
        entry.text.find("FIN") != std::string::npos || entry.text.find("RST") != std::string::npos;
    if (entry.kind == TimelineEntry::Kind::kSegment && entry.connection >= 0 && closes) {
      std::string& text = segments[static_cast<size_t>(entry.connection)];
      text += (text.empty() ? "" : ", ") + entry.host + " " + entry.text;
    }
  }
  std::vector<LadderGroup> groups;
  std::map<std::array<std::string, 3>, size_t> known;
  for (size_t i = 0; i < timeline.connections.size(); ++i) {
    const auto& ends = timeline.connections[i].ends;
    const std::array<std::string, 3> key = {StatesOf(ends[0]), StatesOf(ends[1]), segments[i]};
    const auto [found, fresh] = known.try_emplace(key, groups.size());
    if (fresh) {
      groups.push_back({.example = fmt::format("{} {} – {} {}",
                                               ends[0].name.empty() ? ends[0].host : ends[0].name,
                                               ends[0].address,
                                               ends[1].name.empty() ? ends[1].host : ends[1].name,
                                               ends[1].address),
                        .states = {key[0], key[1]},
                        .segments = key[2]});
    }
    ++groups[found->second].connections;
  }
  return groups;
}

}  // namespace

Ladders MakeLadders(const Timeline& timeline) {
  Ladders ladders;
  ladders.connections = timeline.connections.size();
  const std::vector<int> chosen = Chosen(timeline);
  for (const int number : chosen) {
    ladders.ladders.push_back(ladder::MakeLadder(timeline, number));
  }
  for (size_t i = 0; i < timeline.findings.size(); ++i) {
    if (timeline.findings[i].attached) {
      continue;
    }
    size_t place = 0;
    for (size_t n = 0; n < chosen.size(); ++n) {
      place = IsAbout(timeline, timeline.findings[i], chosen[n]) ? n : place;
    }
    ladders.ladders[place].missing.push_back(ladder::Mismatch(timeline, static_cast<int>(i)));
  }
  if (ladders.connections > ladders.ladders.size()) {
    ladders.groups = Group(timeline);
  }
  return ladders;
}

std::string FirstMismatch(const Timeline& timeline) {
  return ladder::Mismatch(timeline, timeline.findings.empty() ? kNoFinding : 0);
}

std::string DrawLadder(const Timeline& timeline) {
  return DrawText(MakeLadders(timeline));
}

}  // namespace lastack

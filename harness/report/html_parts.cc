#include "report/html_parts.h"

#include <algorithm>
#include <cctype>
#include <map>

#include <fmt/format.h>

#include "base/strings.h"
#include "base/time.h"
#include "report/html_text.h"
#include "report/ladder_parts.h"

namespace lastack::html {
namespace {

std::string Cells(const std::vector<std::string>& cells, const char* row_class = "") {
  std::string row = *row_class == '\0' ? "<tr>" : fmt::format("<tr class=\"{}\">", row_class);
  for (const std::string& cell : cells) {
    row += "<td>" + EscapeHtml(cell) + "</td>";
  }
  return row + "</tr>";
}

std::string Header(const std::vector<std::string>& names) {
  std::string row = "<thead><tr>";
  for (const std::string& name : names) {
    row += "<th scope=\"col\">" + name + "</th>";
  }
  return row + "</tr></thead>";
}

std::string What(const LadderItem& item, const std::string& left, const std::string& right) {
  if (item.kind != LadderItem::Kind::kArrow) {
    return item.kind == LadderItem::Kind::kState ? item.text + " (kernel)" : item.text;
  }
  const bool from_left = item.side == LadderSide::kLeft;
  std::string what = fmt::format("{} → {}: {} {}",
                                 from_left ? left : right,
                                 from_left ? right : left,
                                 item.text,
                                 item.numbers);
  what += item.lost ? ", lost" : "";
  what += item.retransmitted ? ", retransmitted" : "";
  what += item.injected ? ", injected by the relay" : "";
  return what + (item.duplicate ? ", duplicate" : "");
}

std::string Packets(const LadderItem& item) {
  const auto number = [](int64_t packet) { return packet == 0 ? "–" : std::to_string(packet); };
  return item.kind == LadderItem::Kind::kArrow
             ? number(item.sent_packet) + " → " + number(item.received_packet)
             : "";
}

std::string Where(const LadderItem& item, const std::string& left, const std::string& right) {
  switch (item.side) {
    case LadderSide::kLeft:
      return left;
    case LadderSide::kRight:
      return right;
    case LadderSide::kMiddle:
      return "";
  }
  return "";
}

// The states of all endpoints that a name or glob means: each way once, with its number.
std::string StatesSeen(const Timeline& timeline, const std::string& pattern) {
  std::map<std::string, size_t> ways;
  for (const TimelineConnection& connection : timeline.connections) {
    for (const TimelineEndpoint& end : connection.ends) {
      if (!end.name.empty() && GlobMatch(pattern, end.name)) {
        std::vector<std::string> states;
        for (const LadderBox& box : ladder::MakeBoxes(timeline, end, 0)) {
          states.push_back(box.state);
        }
        ++ways[Join(states, ", ")];
      }
    }
  }
  std::string text;
  for (const auto& [way, count] : ways) {
    text += text.empty() ? "" : "; ";
    text += count > 1 ? fmt::format("{} × {}", count, way) : way;
  }
  return text.empty() ? "nothing" : text;
}

std::string SegmentsSeen(const Timeline& timeline, const Ladders& ladders) {
  if (!ladders.groups.empty()) {
    constexpr size_t kMostWays = 5;
    std::vector<std::string> ways;
    for (const LadderGroup& group : ladders.groups) {
      ways.push_back(fmt::format(
          "{} × {}", group.connections, group.segments.empty() ? "none" : group.segments));
    }
    const size_t all = ways.size();
    ways.resize(std::min(all, kMostWays));
    return Join(ways, "; ") + (all > kMostWays ? "; …" : "");
  }
  constexpr size_t kMost = 16;
  std::vector<std::string> seen;
  size_t all = 0;
  for (const TimelineEntry& entry : timeline.entries) {
    const bool closes =
        entry.text.find("FIN") != std::string::npos || entry.text.find("RST") != std::string::npos;
    if (entry.kind == TimelineEntry::Kind::kSegment && closes && ++all <= kMost) {
      seen.push_back(entry.host + " " + entry.text + (entry.received_packet == 0 ? " lost" : "") +
                     (entry.injected ? " injected" : ""));
    }
  }
  return seen.empty()
             ? "no FIN, no RST"
             : Join(seen, "; ") + (all > kMost ? fmt::format("; {} more", all - kMost) : "");
}

std::string SegmentsWanted(const ExpectedSegments& expected) {
  std::vector<std::string> wanted;
  for (const ExpectedSegment& segment : expected.segments) {
    std::string text = segment.from + " " + segment.flags;
    text += segment.fate == Fate::kLost       ? " lost"
            : segment.fate == Fate::kInjected ? " injected"
                                              : "";
    text += segment.times > 1 ? fmt::format(" x{}", segment.times) : "";
    wanted.push_back(text);
  }
  return (expected.connection.empty() ? "" : expected.connection + ": ") + Join(wanted, "; ");
}

}  // namespace

std::string Anchor(const std::string& id) {
  std::string anchor;
  for (const char c : id) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                       std::string_view("/._-").find(c) != std::string_view::npos;
    anchor += plain ? std::string(1, c) : fmt::format("~{:02x}", static_cast<unsigned char>(c));
  }
  return anchor;
}

std::string Short(const std::string& text) {
  constexpr size_t kMost = 110;
  if (text.size() <= kMost) {
    return text;
  }
  size_t cut = kMost;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80U) {
    --cut;  // not inside of a character
  }
  return text.substr(0, cut) + "…";
}

std::string LadderTable(const Ladder& ladder) {
  constexpr double kNsPerMs = 1e6;
  const std::string left = ladder.ends[0].title.substr(0, ladder.ends[0].title.rfind(' '));
  const std::string right = ladder.ends[1].title.substr(0, ladder.ends[1].title.rfind(' '));
  std::string table =
      R"(<details class="table"><summary>The same as a table</summary><div class="scroll">)";
  table += "<table><caption>" + EscapeHtml(ladder.ends[0].title + " and " + ladder.ends[1].title) +
           "</caption>";
  table += Header({"time",
                   "where",
                   "what",
                   "packets",
                   "state at " + EscapeHtml(left),
                   "state at " + EscapeHtml(right),
                   "line"});
  table += "<tbody>";
  for (const LadderItem& item : ladder.items) {
    const bool bad = !item.mismatch.empty() || item.marked;
    table += Cells({fmt::format("{:.3f} ms", static_cast<double>(item.t_ns) / kNsPerMs),
                    Where(item, left, right),
                    What(item, left, right) + (item.mismatch.empty() ? "" : " ✗ " + item.mismatch),
                    Packets(item),
                    item.states[0],
                    item.states[1],
                    item.line == 0 ? "" : std::to_string(item.line)},
                   bad ? "bad" : "");
  }
  for (const std::string& text : ladder.missing) {
    table += Cells({"", "", "✗ " + text, "", "", "", ""}, "bad");
  }
  return table + "</tbody></table></div></details>";
}

std::string GroupTable(const Ladders& ladders) {
  if (ladders.groups.empty()) {
    return "";
  }
  constexpr size_t kMost = 40;
  std::string table =
      fmt::format("<h4>All {} connections</h4><div class=\"scroll\"><table>", ladders.connections);
  table += Header({"connections",
                   "for example",
                   "FIN and RST",
                   "states of the first",
                   "states of the second"}) +
           "<tbody>";
  for (size_t i = 0; i < std::min(kMost, ladders.groups.size()); ++i) {
    const LadderGroup& group = ladders.groups[i];
    table += Cells({std::to_string(group.connections),
                    group.example,
                    group.segments.empty() ? "none" : group.segments,
                    group.states[0],
                    group.states[1]});
  }
  table += "</tbody></table></div>";
  return ladders.groups.size() > kMost
             ? table + fmt::format("<p>and {} other ways</p>", ladders.groups.size() - kMost)
             : table;
}

std::string Expectations(const Scenario& scenario,
                         const Judgement& judgement,
                         const Timeline& timeline,
                         const Ladders& ladders) {
  std::string table = "<h4>Expected and actual</h4><div class=\"scroll\"><table>" +
                      Header({"", "about", "expected", "actual", "line"}) + "<tbody>";
  const auto line = [](const Place& place) {
    return place.line == 0 ? "" : std::to_string(place.line);
  };
  const std::string fine = judgement.findings.empty() ? "✓" : "";
  for (const Finding& finding : judgement.findings) {
    table += Cells({std::string(ToString(finding.weight)),
                    std::string(ToString(finding.witness)) + " witness",
                    finding.expected,
                    finding.actual + (finding.note.empty() ? "" : " (" + finding.note + ")"),
                    line(finding.place)},
                   finding.weight == Verdict::kInconclusive ? "unsure" : "bad");
  }
  for (const ExpectedStates& states : scenario.states) {
    table += Cells({fine,
                    "states of " + states.endpoint,
                    ToString(states.states),
                    StatesSeen(timeline, states.endpoint),
                    line(states.place)});
  }
  if (scenario.segments) {
    for (const ExpectedSegments& segments : *scenario.segments) {
      table += Cells({fine,
                      "segments (actual: FIN and RST)",
                      SegmentsWanted(segments),
                      SegmentsSeen(timeline, ladders),
                      line(segments.place)});
    }
  }
  return table + "</tbody></table></div>";
}

std::string Machine(const Scenario& scenario, const Evidence& evidence) {
  std::string list = "<h4>Machine</h4><dl>";
  const auto add = [&](const std::string& name, const std::string& value) {
    list += "<dt>" + EscapeHtml(name) + "</dt><dd>" + EscapeHtml(value) + "</dd>";
  };
  for (const auto& [event, started] : Select<RunStarted>(evidence.events)) {
    add("kernel", "Linux " + started->kernel + ", lastack " + started->version);
    for (const auto& [host, values] : started->sysctl) {
      for (const auto& [name, value] : values) {
        add(host + " " + name, value);
      }
    }
  }
  add("link",
      !scenario.wire ? "direct (veth)"
      : scenario.link_delay.count() == 0
          ? "relay"
          : fmt::format("relay, delay {} each way", FormatDuration(scenario.link_delay)));
  for (const HostSpec& host : scenario.hosts) {
    if (host.delayed_ack) {
      add(host.name + " delayed ACK", "on");
    }
  }
  std::map<std::string, std::map<std::string, std::pair<int64_t, int64_t>>>
      counters;  // first, last
  for (const auto& [event, read] : Select<CountersRead>(evidence.events)) {
    for (const auto& [name, value] : read->values) {
      const auto [known, fresh] = counters[read->host].try_emplace(name, value, value);
      known->second.second = value;
    }
  }
  for (const auto& [host, values] : counters) {
    for (const auto& [name, range] : values) {
      if (range.first != range.second) {
        add(host + " " + name, fmt::format("{:+}", range.second - range.first));
      }
    }
  }
  return list + "</dl>";
}

}  // namespace lastack::html

#include "restart/wording.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/strings.h"

namespace lastack {
namespace {

std::string LastLine(const Start& start) {
  std::vector<std::string> lines = Split(start.output, '\n');
  std::erase_if(lines, [](const std::string& line) { return line.empty(); });
  return lines.empty() ? "" : lines.back();
}

// The last start that has failed; null if none has.
const Start* LastFailed(const RestartFacts& facts) {
  const auto found = std::find_if(facts.starts.rbegin(),
                                  facts.starts.rend(),
                                  [](const Start& start) { return !start.how.empty(); });
  return found == facts.starts.rend() ? nullptr : &*found;
}

}  // namespace

std::string Count(int count, const std::string& what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string Rounded(Duration duration) {
  const double seconds = std::chrono::duration<double>(duration).count();
  return seconds < 1 ? FormatDuration(duration)
                     : fmt::format("{} s", std::lround(std::ceil(seconds)));
}

int Total(const std::vector<Left>& left) {
  int total = 0;
  for (const Left& group : left) {
    total += group.count;
  }
  return total;
}

std::string Describe(const std::vector<Left>& left, Verb verb) {
  std::vector<std::string> parts;
  for (const Left& group : left) {
    const std::string is = verb == Verb::kNone ? "" : group.count == 1 ? " is" : " are";
    parts.push_back(
        parts.empty()
            ? fmt::format("{}{} in {}", Count(group.count, "connection"), is, ToString(group.state))
            : fmt::format("{} in {}", group.count, ToString(group.state)));
  }
  if (parts.size() < 2) {
    return Join(parts, "");
  }
  const std::string last = parts.back();
  parts.pop_back();
  return Join(parts, ", ") + " and " + last;
}

std::optional<Duration> Still(const std::vector<Left>& left) {
  std::optional<Duration> longest;
  for (const Left& group : left) {
    if (!group.longest || group.held > 0) {
      return std::nullopt;
    }
    longest = std::max(longest.value_or(Duration{}), *group.longest);
  }
  return longest;
}

std::string Processes(const std::vector<ServerProcess>& processes) {
  std::vector<std::string> names;
  constexpr size_t kListed = 4;
  for (const ServerProcess& process : processes) {
    if (names.size() < kListed) {
      names.push_back(fmt::format("{} {}", process.name, process.pid));
    }
  }
  const size_t more = processes.size() - names.size();
  return Join(names, ", ") + (more > 0 ? fmt::format(" and {} more", more) : "");
}

Known ListenerHas(const RestartFacts& facts, bool SocketOptions::*option) {
  if (facts.listeners.empty()) {
    return Known::kUnknown;
  }
  Known known = Known::kYes;
  for (const ListenerSeen& listener : facts.listeners) {
    if (!listener.options) {
      return Known::kUnknown;
    }
    if (!((*listener.options).*option)) {
      known = Known::kNo;
    }
  }
  return known;
}

std::string LastStart(const RestartFacts& facts) {
  const Start* last = LastFailed(facts);
  if (last == nullptr) {
    return "";
  }
  const std::string line = LastLine(*last);
  return fmt::format("its last failed start ended with {}{}",
                     last->how,
                     line.empty() ? ", and it printed nothing" : ": \"" + line + "\"");
}

bool IsRunning(const RestartFacts& facts) {
  if (facts.starts.empty() || !facts.starts.back().how.empty()) {
    return false;
  }
  const int64_t age_ns = facts.end_ns - facts.starts.back().started_ns;
  return std::all_of(facts.starts.begin(), facts.starts.end(), [&](const Start& start) {
    return start.how.empty() || start.ended_ns - start.started_ns < age_ns;
  });
}

std::string Outlived(const RestartFacts& facts) {
  const size_t count = facts.survivors.size();
  return count == 0   ? ""
         : count == 1 ? "; one process outlived its main process"
                      : fmt::format("; {} processes outlived its main process", count);
}

}  // namespace lastack

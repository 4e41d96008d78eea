#include "restart/diagnose.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/strings.h"

namespace lastack {
namespace {

constexpr const char* kSetReuse = "set SO_REUSEADDR before bind";

std::string Count(int count, const std::string& what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

// Whole seconds from one second on: the kernel's timers are no more exact.
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

// "100 connections [are] in TIME-WAIT and 3 in FIN-WAIT-2".
enum class Verb { kNone, kIs };
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

// The longest of their timers; nothing if some have none, or some process still holds them.
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

// What is known of an option of all old listeners.
enum class Known { kYes, kNo, kUnknown };
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

std::string LastLine(const Start& start) {
  const std::vector<std::string> lines = Split(start.output, '\n');
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    if (!line->empty()) {
      return *line;
    }
  }
  return "";
}

// The last start that has failed; null if none has.
const Start* LastFailed(const RestartFacts& facts) {
  const auto found = std::find_if(facts.starts.rbegin(),
                                  facts.starts.rend(),
                                  [](const Start& start) { return !start.how.empty(); });
  return found == facts.starts.rend() ? nullptr : &*found;
}

// "its last failed start ended with exit code 1: "OSError: …""
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

// Whether the start that was under way at the end had outlasted those that failed: it may be a slow
// one. Otherwise it would have failed like them.
bool IsRunning(const RestartFacts& facts) {
  if (facts.starts.empty() || !facts.starts.back().how.empty()) {
    return false;
  }
  const int64_t age_ns = facts.end_ns - facts.starts.back().started_ns;
  return std::all_of(facts.starts.begin(), facts.starts.end(), [&](const Start& start) {
    return start.how.empty() || start.ended_ns - start.started_ns < age_ns;
  });
}

// "; 3 processes outlived its main process"; empty where none has.
std::string Outlived(const RestartFacts& facts) {
  const size_t count = facts.survivors.size();
  return count == 0   ? ""
         : count == 1 ? "; one process outlived its main process"
                      : fmt::format("; {} processes outlived its main process", count);
}

// ---- it serves

bool AllReset(const RestartFacts& facts) {
  return facts.accepted.read > 0 && facts.accepted.linger_zero == facts.accepted.read;
}

std::string WhyBack(const RestartFacts& facts) {
  const Known reuse = ListenerHas(facts, &SocketOptions::reuseaddr);
  const std::string left = DescribeLeft(facts.left);
  if (left.empty() && AllReset(facts)) {
    return "nothing was left on the port, because its connections have SO_LINGER 0: its death "
           "reset "
           "them";
  }
  if (left.empty()) {
    return reuse == Known::kNo ? "nothing was left on the port, but its listener has no "
                                 "SO_REUSEADDR: a connection that the server closes first would "
                                 "keep the port for 60 s; set SO_REUSEADDR before bind"
                               : "nothing was left on the port";
  }
  if (reuse == Known::kYes) {
    return "its sockets have SO_REUSEADDR, so " + left + " did not keep the port";
  }
  if (ListenerHas(facts, &SocketOptions::reuseport) == Known::kYes) {
    return "its sockets have SO_REUSEPORT, so " + left + " did not keep the port";
  }
  return left + (facts.start_count > 1 ? " kept the port for a while" : " did not keep the port");
}

Diagnosis DiagnoseServed(const RestartFacts& facts) {
  Diagnosis diagnosis;
  const bool in_time = IsBackInTime(facts);
  diagnosis.cause = in_time ? Cause::kBack : Cause::kLate;
  const int failed = facts.start_count - 1;
  const std::string why = WhyBack(facts);
  diagnosis.sentence = fmt::format(
      "back in {}{}{}: {}",
      FormatDuration(Downtime(facts)),
      in_time ? "" : fmt::format(", later than {}", FormatDuration(facts.request.within)),
      failed > 0 ? " after " + Count(failed, "failed start") : "",
      why);
  const Known reuse = ListenerHas(facts, &SocketOptions::reuseaddr);
  if (reuse == Known::kNo && !facts.left.empty() && (!in_time || failed > 0)) {
    diagnosis.sentence += fmt::format(" (its listener has no SO_REUSEADDR); {}", kSetReuse);
  } else if (failed > 0) {
    diagnosis.sentence += Outlived(facts) + "; " + LastStart(facts);
  }
  if (reuse == Known::kNo && !AllReset(facts)) {
    diagnosis.remedy = kSetReuse;
  }
  return diagnosis;
}

// ---- it does not

Diagnosis NotServing(const RestartFacts& facts) {
  Diagnosis diagnosis;
  diagnosis.cause = Cause::kNotServing;
  const Served& served = facts.served;
  const std::string so_far = served.connected_ns == 0  ? "no client has been able to connect"
                             : served.accepted_ns == 0 ? "it has not accepted a connection"
                                                       : "it has not answered as --ready asks";
  diagnosis.sentence =
      fmt::format("listens again after {}, but {} within {}",
                  FormatDuration(Duration(served.listen_ns - facts.death.death_ns)),
                  so_far,
                  FormatDuration(Downtime(facts)));
  return diagnosis;
}

Diagnosis Survivors(const RestartFacts& facts) {
  Diagnosis diagnosis;
  diagnosis.cause = Cause::kSurvivors;
  diagnosis.remedy =
      "end all of its processes before starting it again (systemd: KillMode=control-group; here: "
      "--signal-all)";
  const bool one = facts.survivors_with_listener.size() == 1;
  diagnosis.sentence = fmt::format(
      "cannot come back: {} outlived its main process and still {} the listener ({}); {}",
      one ? std::string("one process")
          : fmt::format("{} processes", facts.survivors_with_listener.size()),
      one ? "holds" : "hold",
      Processes(facts.survivors_with_listener),
      diagnosis.remedy);
  return diagnosis;
}

std::string ForHowLong(const std::optional<Duration>& still) {
  return still ? "cannot come back for up to " + Rounded(*still) : "cannot come back yet";
}

// Connections keep the port from a socket without options. Who would have had to have which?
Diagnosis Leftovers(const RestartFacts& facts) {
  Diagnosis diagnosis;
  diagnosis.cause = Cause::kLeftovers;
  diagnosis.still = Still(facts.left_at_end);
  const std::string left = DescribeLeft(facts.left_at_end);
  const std::string is = Total(facts.left_at_end) == 1 ? " is left" : " are left";
  const std::string begin = ForHowLong(diagnosis.still) + ": ";
  switch (ListenerHas(facts, &SocketOptions::reuseaddr)) {
    case Known::kNo:
      diagnosis.remedy = kSetReuse;
      diagnosis.sentence = fmt::format("{}its listener has no SO_REUSEADDR and {}; {}",
                                       begin,
                                       Describe(facts.left_at_end, Verb::kIs),
                                       kSetReuse);
      break;
    case Known::kYes:
      diagnosis.remedy =
          "set SO_REUSEADDR on every new listener before bind, and leave it set on "
          "the connections";
      diagnosis.sentence =
          fmt::format("{}{}{} on the port, and {}; {}",
                      begin,
                      left,
                      is,
                      facts.accepted.reuseaddr < facts.accepted.read
                          ? fmt::format("{} of its {} connections had no SO_REUSEADDR",
                                        facts.accepted.read - facts.accepted.reuseaddr,
                                        facts.accepted.read)
                          : std::string("not even a new socket with SO_REUSEADDR may bind"),
                      diagnosis.remedy);
      break;
    case Known::kUnknown:
      diagnosis.remedy = kSetReuse;
      diagnosis.sentence = fmt::format(
          "{}{}{} on the port, and a socket may not bind; whether the old listener had "
          "SO_REUSEADDR could not be read",
          begin,
          left,
          is);
      break;
  }
  return diagnosis;
}

// The kernel would let a socket have the port.
Diagnosis PortIsFree(const RestartFacts& facts, const std::string& may) {
  Diagnosis diagnosis;
  if (IsRunning(facts)) {
    diagnosis.cause = Cause::kNotListening;
    diagnosis.sentence =
        fmt::format("not back within {}: {}, and its process runs but does not listen on it yet",
                    FormatDuration(Downtime(facts)),
                    may);
    return diagnosis;
  }
  diagnosis.cause = Cause::kOwnReason;
  diagnosis.sentence =
      fmt::format("not back within {}: {}, so it does not start for a reason of its own{}; {}",
                  FormatDuration(Downtime(facts)),
                  may,
                  Outlived(facts),
                  LastStart(facts));
  return diagnosis;
}

Diagnosis Unexplained(const RestartFacts& facts, const std::string& what) {
  Diagnosis diagnosis;
  diagnosis.cause = Cause::kUnexplained;
  const std::string last = LastStart(facts);
  diagnosis.sentence =
      fmt::format("not back within {}, and what was seen does not explain it: {}{}",
                  FormatDuration(Downtime(facts)),
                  what,
                  last.empty() ? "" : "; " + last);
  return diagnosis;
}

Diagnosis DiagnoseGone(const RestartFacts& facts) {
  if (facts.served.listen_ns != 0) {
    return NotServing(facts);
  }
  if (!facts.survivors_with_listener.empty()) {
    return Survivors(facts);
  }
  if (!facts.probe) {
    return Unexplained(facts, "no socket of ours could try the port");
  }
  if (facts.probe->plain.empty()) {
    return PortIsFree(facts, "nothing keeps the port");
  }
  if (facts.probe->plain != "EADDRINUSE") {
    return Unexplained(facts, "bind on its address fails with " + facts.probe->plain);
  }
  if (facts.left_at_end.empty()) {
    return Unexplained(facts, "bind fails with EADDRINUSE, though no socket is on the port");
  }
  if (facts.probe->reuseaddr.empty() &&
      ListenerHas(facts, &SocketOptions::reuseaddr) == Known::kYes) {
    return PortIsFree(facts,
                      "a socket with SO_REUSEADDR, as its old listener had it, may have the port");
  }
  return Leftovers(facts);
}

}  // namespace

std::string_view ToString(Cause cause) {
  switch (cause) {
    case Cause::kBack:
      return "back";
    case Cause::kLate:
      return "late";
    case Cause::kLeftovers:
      return "leftovers";
    case Cause::kSurvivors:
      return "survivors";
    case Cause::kNotServing:
      return "not-serving";
    case Cause::kNotListening:
      return "not-listening";
    case Cause::kOwnReason:
      return "own-reason";
    case Cause::kUnexplained:
      return "unexplained";
  }
  return "";
}

std::string DescribeLeft(const std::vector<Left>& left) {
  return Describe(left, Verb::kNone);
}

Diagnosis Diagnose(const RestartFacts& facts) {
  return IsServed(facts) ? DiagnoseServed(facts) : DiagnoseGone(facts);
}

}  // namespace lastack

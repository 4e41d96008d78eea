#include "restart/report.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/signal_name.h"
#include "base/strings.h"
#include "restart/server.h"
#include "restart/wording.h"

namespace lastack {
namespace {

constexpr size_t kShownLines = 5;
constexpr size_t kIndent = 14;  // of a program's output

std::string Line(const std::string& name, const std::string& text) {
  return text.empty() ? "" : fmt::format("  {:9} {}\n", name, text);
}

std::string OnOff(const char* name, bool on) {
  return fmt::format("{} {}", name, on ? "on" : "off");
}

std::string Options(const SocketOptions& options) {
  return OnOff("SO_REUSEADDR", options.reuseaddr) + ", " +
         OnOff("SO_REUSEPORT", options.reuseport) + ", " +
         (options.linger ? fmt::format("SO_LINGER {} s", *options.linger) : "SO_LINGER off");
}

std::string Listeners(const RestartFacts& facts) {
  std::string text;
  for (const ListenerSeen& listener : facts.listeners) {
    text += Line("listener",
                 ToString(listener.address) + ": " +
                     (listener.options ? Options(*listener.options)
                                       : "options unknown, " + listener.problem));
  }
  return text;
}

std::string Connections(const RestartFacts& facts) {
  const ConnectionsSeen& seen = facts.connections;
  if (seen.asked == 0) {
    return "none";
  }
  std::string text =
      fmt::format("{} of {} open, {} of them accepted", seen.open, seen.asked, seen.accepted);
  if (seen.open < seen.asked) {
    text += "; the server takes no more";
  }
  const AcceptedSeen& accepted = facts.accepted;
  if (accepted.read > 0 && accepted.reuseaddr < accepted.read) {
    text += fmt::format("; {} without SO_REUSEADDR", accepted.read - accepted.reuseaddr);
  }
  return text;
}

std::string DeathText(const RestartFacts& facts) {
  const Death& death = facts.death;
  const bool as_sent = death.how == "signal " + SignalName(facts.request.signal);
  const std::string how = death.how.empty() || as_sent ? "" : ", " + death.how;
  if (death.signal_ns == 0) {
    return "by itself" + how;
  }
  return fmt::format("SIG{}{}, gone after {}{}",
                     SignalName(facts.request.signal),
                     facts.request.signal_all ? " to all of its processes" : "",
                     FormatDuration(Duration(death.death_ns - death.signal_ns)),
                     how);
}

std::string Seconds(Duration duration) {
  return fmt::format("{:.1f} s", std::chrono::duration<double>(duration).count());
}

std::string LeftText(const std::vector<Left>& left) {
  std::vector<std::string> parts;
  for (const Left& group : left) {
    std::string part = fmt::format("{} {}", group.count, ToString(group.state));
    if (group.longest) {
      part += " (for up to " + Seconds(*group.longest) + ")";
    }
    if (group.held > 0) {
      part += fmt::format(" ({} held by a process)", group.held);
    }
    parts.push_back(std::move(part));
  }
  return parts.empty() ? "nothing" : Join(parts, ", ");
}

std::string Breakdown(const RestartFacts& facts) {
  const int64_t death_ns = facts.death.death_ns;
  std::vector<std::string> parts;
  const auto add = [&](const char* name, int64_t t_ns) {
    if (t_ns != 0) {
      parts.push_back(fmt::format("{} {}", name, FormatDuration(Duration(t_ns - death_ns))));
    }
  };
  if (facts.served.listen_ns != 0) {
    add("started", facts.starts.back().started_ns);
  }
  add("listening", facts.served.listen_ns);
  add("connected", facts.served.connected_ns);
  add("accepted", facts.served.accepted_ns);
  add("answered", facts.served.answered_ns);
  return Join(parts, ", ");
}

// Failed starts that ended alike count as one.
std::string FailedStarts(const RestartFacts& facts) {
  std::string text;
  const int running = !facts.starts.empty() && facts.starts.back().how.empty() ? 1 : 0;
  const int failed = facts.start_count - running;
  if (failed > 0) {
    const Start& last = facts.starts[facts.starts.size() - 1 - static_cast<size_t>(running)];
    text += Line("failed",
                 fmt::format("{} start{}, the last with {}{}",
                             failed,
                             failed == 1 ? "" : "s",
                             last.how,
                             last.output.empty() ? " and no output" : ":") +
                     LastLines(last.output, kShownLines, "\n" + std::string(kIndent, ' ')));
  }
  return text;
}

std::string Clients(const RestartFacts& facts) {
  const ClientsSeen& seen = facts.clients;
  std::string text =
      fmt::format("{} read end of file, {} were reset", seen.end_of_file, seen.reset);
  if (facts.request.clients == ClientsDo::kReconnect) {
    text += fmt::format(", {} connected again after at most {}, {} attempts failed",
                        seen.reconnected,
                        FormatDuration(seen.longest_gap),
                        seen.refused);
  }
  return text;
}

std::string OurBind(const RestartFacts& facts) {
  const auto outcome = [](const std::string& error) {
    return error.empty() ? std::string("succeeds") : "fails with " + error;
  };
  return facts.probe ? fmt::format("without options {}, with SO_REUSEADDR {}",
                                   outcome(facts.probe->plain),
                                   outcome(facts.probe->reuseaddr))
                     : "";
}

}  // namespace

std::string RestartText(const RestartFacts& facts,
                        const Diagnosis& diagnosis,
                        const std::string& evidence) {
  std::string text = diagnosis.sentence + "\n";
  text += Line("server",
               fmt::format("{} (process {}), at {}{}",
                           Join(facts.request.command, " "),
                           facts.main.pid,
                           ToString(facts.target),
                           facts.on_loopback ? " of its own host" : ""));
  text += Listeners(facts);
  text += Line("clients", Connections(facts));
  text += Line("death", DeathText(facts));
  text += Line("outlived", Processes(facts.survivors));
  text += Line("left", LeftText(facts.left));
  text += FailedStarts(facts);
  text += Line("restart", Breakdown(facts));
  if (facts.connections.open > 0) {
    text += Line("saw", Clients(facts));
  }
  if (!IsServed(facts)) {
    text += Line("still", LeftText(facts.left_at_end));
    text += Line("our bind", OurBind(facts));
  }
  text += Line("evidence", evidence);
  return text;
}

}  // namespace lastack

#include "restart/diagnose.h"

#include <fmt/format.h>

#include "restart/wording.h"

namespace lastack {
namespace {

constexpr const char* kSetReuse = "set SO_REUSEADDR before bind";

// ---- it serves

bool AllReset(const RestartFacts& facts) {
  return facts.accepted.read > 0 && facts.accepted.linger_zero == facts.accepted.read;
}

std::string WhyBack(const RestartFacts& facts) {
  const Known reuse = ListenerHas(facts, &SocketOptions::reuseaddr);
  const std::string left = Describe(facts.left, Verb::kNone);
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
  const std::string left = Describe(facts.left_at_end, Verb::kNone);
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

Diagnosis Diagnose(const RestartFacts& facts) {
  return IsServed(facts) ? DiagnoseServed(facts) : DiagnoseGone(facts);
}

}  // namespace lastack

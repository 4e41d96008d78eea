#include "report/socket_watch_text.h"

#include <array>
#include <ctime>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "report/plain_text.h"

namespace lastack {
namespace {

using nlohmann::json;

constexpr int64_t kNsPerSecond = 1'000'000'000;
constexpr int64_t kNsPerUs = 1000;
constexpr const char* kUnknown = "*";

std::string_view NameOf(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::kState:
      return "state";
    case ChangeKind::kRestarted:
      return "restarted";
    case ChangeKind::kRstSent:
      return "rst_sent";
    case ChangeKind::kRstReceived:
      return "rst_received";
    case ChangeKind::kRetransmitted:
      return "retransmitted";
  }
  return "";
}

// Local, as the clock on the wall.
std::string ClockTime(int64_t realtime_ns) {
  const time_t seconds = realtime_ns / kNsPerSecond;
  tm local{};
  localtime_r(&seconds, &local);
  std::array<char, sizeof "23:59:59"> text{};
  std::strftime(text.data(), text.size(), "%H:%M:%S", &local);
  return fmt::format("{}.{:06}", text.data(), realtime_ns % kNsPerSecond / kNsPerUs);
}

// In UTC, as RFC 3339 has it.
std::string Timestamp(int64_t realtime_ns) {
  const time_t seconds = realtime_ns / kNsPerSecond;
  tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, sizeof "2026-01-31T23:59:59"> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  return fmt::format("{}.{:09}Z", text.data(), realtime_ns % kNsPerSecond);
}

std::string AddressText(const SocketAddress& address) {
  const std::string text = ToString(address);
  return address.port != 0 ? text : text.substr(0, text.size() - 1) + kUnknown;
}

std::string ProcessText(const WatchedProcess& process) {
  return process.pid == 0 ? "-" : fmt::format("{}/{}", OneLine(process.comm), process.pid);
}

std::string StateText(const std::optional<State>& state) {
  return state ? std::string(ToString(*state)) : kUnknown;
}

std::string Left(const SocketChange& change) {
  return change.left ? ", " + FormatDuration(*change.left) + " left" : "";
}

std::string TransitionText(const SocketChange& change) {
  std::string text = fmt::format("{} → {}", StateText(change.from), ToString(change.to));
  // A new socket was in no state before: CLOSED is how it is made, LISTEN whose copy it is.
  const bool is_new = change.from == State::kClosed || change.to == State::kSynReceived;
  if (!is_new) {
    text += " after " + (change.age ? FormatDuration(*change.age) : kUnknown);
  }
  if (change.end != MiniEnd::kNotYet) {
    text += fmt::format(", {}", ToString(change.end));
  }
  return text + Left(change);
}

std::string EventText(const SocketChange& change) {
  const std::string in = change.cookie == 0 ? "no socket" : "in " + StateText(change.from);
  switch (change.kind) {
    case ChangeKind::kState:
      return TransitionText(change);
    case ChangeKind::kRestarted:
      return StateText(change.from) + " restarted" + Left(change);
    case ChangeKind::kRstSent:
      return fmt::format("RST sent, {}: {}", in, change.reason);
    case ChangeKind::kRstReceived:
      return "RST received, " + in;
    case ChangeKind::kRetransmitted:
      return "retransmission, " + in;
  }
  return "";
}

std::string EndName(MiniEnd end) {
  switch (end) {
    case MiniEnd::kNotYet:
      return "";
    case MiniEnd::kExpired:
      return "expired";
    case MiniEnd::kReset:
      return "reset";
    case MiniEnd::kTakenOff:
      return "taken_off";
  }
  return "";
}

// A comm is any bytes.
std::string Line(const json& object) {
  return object.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string WatchHeading() {
  return fmt::format(
      "{:15}  {:22}  {:21}  {:21}  {}\n", "TIME", "PROCESS", "LOCAL", "REMOTE", "WHAT");
}

std::string WatchLine(const SocketChange& change, const TimeOfDay& clock) {
  return fmt::format("{:15}  {:22}  {:21}  {:21}  {}\n",
                     ClockTime(change.t_ns + clock.realtime_minus_monotonic_ns),
                     ProcessText(change.process),
                     AddressText(change.local),
                     AddressText(change.remote),
                     EventText(change));
}

std::string WatchJson(const SocketChange& change, const TimeOfDay& clock) {
  json object = {{"kind", NameOf(change.kind)},
                 {"time", Timestamp(change.t_ns + clock.realtime_minus_monotonic_ns)},
                 {"t_ns", change.t_ns},
                 {"cookie", change.cookie},
                 {"local", ToString(change.local)},
                 {"remote", ToString(change.remote)}};
  const char* state = change.kind == ChangeKind::kState ? "from" : "state";
  if (change.cookie != 0) {
    object[state] = change.from ? json(ToString(*change.from)) : json();
    object["age_ns"] = change.age ? json(change.age->count()) : json();
  }
  if (change.kind == ChangeKind::kState) {
    object["to"] = ToString(change.to);
  }
  if (change.left) {
    object["left_ns"] = change.left->count();
  }
  if (change.end != MiniEnd::kNotYet) {
    object["end"] = EndName(change.end);
  }
  if (change.kind == ChangeKind::kRstSent) {
    object["reason"] = change.reason;
  }
  if (change.process.pid != 0) {
    object["pid"] = change.process.pid;
    object["comm"] = change.process.comm;
  }
  return Line(object);
}

std::string WatchJson(const WatchBegun& begun) {
  return Line({{"kind", "watching"},
               {"port", begun.port == 0 ? json() : json(begun.port)},
               {"sockets", begun.sockets},
               {"blind_spots", begun.blind_spots}});
}

std::string WatchLostJson(int64_t events) {
  return Line({{"kind", "lost"}, {"events", events}});
}

}  // namespace lastack

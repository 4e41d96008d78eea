#include "rebind/strategy.h"

#include <algorithm>

namespace lastack {
namespace {

const SocketOption kReuseAddr{.name = "SO_REUSEADDR"};
const SocketOption kReusePort{.name = "SO_REUSEPORT"};
const SocketOption kLingerZero{.name = "SO_LINGER", .value = 1, .seconds = 0};

}  // namespace

const std::vector<Strategy>& AllStrategies() {
  static const std::vector<Strategy> kStrategies = {
      {.name = "none", .what = "no option"},
      {.name = "reuseaddr-new",
       .what = "SO_REUSEADDR on the new socket only",
       .new_options = {kReuseAddr}},
      {.name = "reuseaddr",
       .what = "SO_REUSEADDR on both sockets",
       .old_options = {kReuseAddr},
       .new_options = {kReuseAddr}},
      {.name = "reuseport",
       .what = "SO_REUSEPORT on both sockets",
       .old_options = {kReusePort},
       .new_options = {kReusePort}},
      {.name = "linger-zero",
       .what = "SO_LINGER of 0 s on every connection",
       .old_options = {kLingerZero}},
      {.name = "peer-first", .what = "the peer closes first", .peer_first = true},
      {.name = "supervisor",
       .what = "a supervisor keeps the listener and forks a worker",
       .successor = Successor::kInherits},
      {.name = "hand-over",
       .what = "the listener is handed over before exit (SCM_RIGHTS)",
       .successor = Successor::kIsHanded},
      {.name = "listen-fds",
       .what = "socket activation (LISTEN_FDS), the supervisor keeps the listener",
       .successor = Successor::kIsActivated},
      {.name = "systemd-socket-activate",
       .what = "socket activation (LISTEN_FDS), the tool listens again",
       .successor = Successor::kByTool},
      {.name = "reuseport-group",
       .what = "a second listener in a SO_REUSEPORT group",
       .old_options = {kReusePort},
       .new_options = {kReusePort},
       .successor = Successor::kIsMember},
      {.name = "no-time-wait", .what = "tcp_max_tw_buckets=0", .no_time_wait = true},
      {.name = "destroy", .what = "SOCK_DESTROY of what is left", .destroys_left = true},
      {.name = "wait", .what = "no option, waits until 2 MSL are over", .waits = true},
  };
  return kStrategies;
}

const Strategy* FindStrategy(std::string_view name) {
  const auto found = std::find_if(AllStrategies().begin(),
                                  AllStrategies().end(),
                                  [name](const Strategy& one) { return one.name == name; });
  return found == AllStrategies().end() ? nullptr : &*found;
}

std::string_view ToString(Death death) {
  switch (death) {
    case Death::kKill:
      return "kill";
    case Death::kTerm:
      return "term";
    case Death::kClose:
      return "close";
  }
  return "";
}

std::optional<Death> DeathFromString(std::string_view name) {
  for (const Death death : {Death::kKill, Death::kTerm, Death::kClose}) {
    if (ToString(death) == name) {
      return death;
    }
  }
  return std::nullopt;
}

}  // namespace lastack

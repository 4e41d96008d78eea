// What a server can do so that its successor can serve again, and how it dies: the rows of
// `lastack rebind`.
//
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/socket_option.h"

namespace lastack {

// How the process that listened ends.
enum class Death {
  kKill,   // SIGKILL: it can do nothing any more
  kTerm,   // SIGTERM, which it handles: closes its listener, then its connections, and exits
  kClose,  // it closes its listener and its connections and goes on living
};

// Who listens after it.
enum class Successor {
  kBinds,        // a new socket: bind and listen
  kInherits,     // a supervisor has kept the listener and forks a new worker
  kIsHanded,     // another process has got the listener through SCM_RIGHTS before
  kIsActivated,  // a supervisor has kept the listener and executes a new server with LISTEN_FDS
  kByTool,       // systemd-socket-activate listens again and executes a new server with LISTEN_FDS
  kIsMember,     // another process has listened on the same port all the time
};

struct Strategy {
  std::string name;                       // as on the command line and in JSON
  std::string what;                       // one line for people
  std::vector<SocketOption> old_options;  // of the listener that dies; its connections inherit them
  std::vector<SocketOption> new_options;  // of the successor's socket
  Successor successor = Successor::kBinds;
  bool peer_first = false;     // the peer closes first; a server that can asks it to before it ends
  bool no_time_wait = false;   // tcp_max_tw_buckets=0 at the server
  bool destroys_left = false;  // SOCK_DESTROY of what is left, then bind
  bool waits = false;          // until 2 MSL are over
};

// In the order of the table.
[[nodiscard]] const std::vector<Strategy>& AllStrategies();
[[nodiscard]] const Strategy* FindStrategy(std::string_view name);

[[nodiscard]] std::string_view ToString(Death death);
[[nodiscard]] std::optional<Death> DeathFromString(std::string_view name);

}  // namespace lastack

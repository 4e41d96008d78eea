// What was seen of one server that died and was started again: the facts that the diagnosis, the
// table and the document are made of.
//
// Units: *_ns are readings of CLOCK_MONOTONIC. Plain data; pids are those that the server itself
// sees.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/socket_address.h"
#include "base/time.h"
#include "restart/request.h"
#include "tcp/state.h"

namespace lastack {

struct ServerProcess {
  pid_t pid = -1;
  std::string name;  // as /proc/PID/comm has it
};

// The options that decide about rebinding, as getsockopt gave them.
struct SocketOptions {
  bool reuseaddr = false;
  bool reuseport = false;
  std::optional<int> linger;  // seconds, where SO_LINGER is on
  bool v6only = false;
  bool defer_accept = false;  // TCP_DEFER_ACCEPT: accepted only once data have arrived
};

struct ListenerSeen {
  SocketAddress address;
  uint64_t cookie = 0;
  std::vector<ServerProcess> holders;    // who has a descriptor of it
  std::optional<SocketOptions> options;  // nothing: see `problem`
  std::string problem;                   // why the options are not known
};

// The options of the connections that the server had accepted, counted.
struct AcceptedSeen {
  int read = 0;  // of how many they were read
  int reuseaddr = 0;
  int reuseport = 0;
  int linger_zero = 0;  // SO_LINGER with 0 s: reset at death
};

struct ConnectionsSeen {
  int asked = 0;
  int open = 0;
  int accepted = 0;
};

// What the clients saw of the death and of the time after it.
struct ClientsSeen {
  int end_of_file = 0;
  int reset = 0;
  int reconnected = 0;
  int64_t refused = 0;     // attempts to connect again that failed
  Duration longest_gap{};  // from a connection's end until the client was connected again
};

// Sockets on the port in one state.
struct Left {
  State state = State::kClosed;
  int count = 0;
  int held = 0;                     // of them, how many some process still has a descriptor of
  std::optional<Duration> longest;  // until the last of them expires; nothing: no such timer
};

// One start after the death.
struct Start {
  int64_t started_ns = 0;
  int64_t ended_ns = 0;  // 0: it was still running at the end
  std::string how;       // "exit code 1", "signal ABRT"; empty: still running
  std::string output;    // the last of it
};

// What the kernel said to a socket of ours that tried to bind and listen, once all was over.
struct BindProbe {
  std::string plain;      // without options: errno name; empty: it may
  std::string reuseaddr;  // with SO_REUSEADDR
};

struct Death {
  std::string how;        // "signal KILL", "exit code 0"
  int64_t signal_ns = 0;  // 0: no signal was sent
  int64_t death_ns = 0;   // all processes that were to end were gone
};

struct Served {
  int64_t listen_ns = 0;     // a new listener was there
  int64_t connected_ns = 0;  // a client's connect had succeeded
  int64_t accepted_ns = 0;   // the server had taken that connection; 0: not seen (TCP_DEFER_ACCEPT)
  int64_t answered_ns = 0;   // the first byte of the answer, or the line; 0: none asked for
  int64_t served_ns = 0;     // all that --ready asks for
};

struct RestartFacts {
  RestartRequest request;
  std::string kernel;
  SocketAddress target;
  bool on_loopback = false;  // the clients were in the server's host
  ServerProcess main;
  int64_t ready_ns = 0;  // first start → ready, as a duration
  std::vector<ListenerSeen> listeners;
  AcceptedSeen accepted;
  ConnectionsSeen connections;
  Death death;
  std::vector<Left> left;                // right after the death
  std::vector<Left> left_at_end;         // when it was over
  std::vector<ServerProcess> survivors;  // of the old processes, alive after the death
  std::vector<ServerProcess> survivors_with_listener;  // at the end still with the old listener
  bool old_listener_at_end = false;
  std::vector<Start> starts;  // the first ones and the last ones
  int start_count = 0;
  Served served;  // 0 where it did not come to that
  ClientsSeen clients;
  std::optional<BindProbe> probe;  // only where it did not come back
  int64_t end_ns = 0;
};

[[nodiscard]] inline bool IsServed(const RestartFacts& facts) {
  return facts.served.served_ns != 0;
}
// From the death until it served; what it was without service where it never did.
[[nodiscard]] inline Duration Downtime(const RestartFacts& facts) {
  return Duration((IsServed(facts) ? facts.served.served_ns : facts.end_ns) - facts.death.death_ns);
}
[[nodiscard]] inline bool IsBackInTime(const RestartFacts& facts) {
  return IsServed(facts) && Downtime(facts) <= facts.request.within;
}

}  // namespace lastack

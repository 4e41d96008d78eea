// The whole life of each socket as the kernel's own tracepoints tell it: a full socket, and the
// mini-socket that takes its place in FIN-WAIT-2 or TIME-WAIT, as one.
//
// inet_sock_set_state says CLOSED when a mini-socket takes over, and never TIME-WAIT; the timers of
// mini-sockets, and the segments that they were given, tell the rest. Times are CLOCK_MONOTONIC.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "record/evidence.h"

namespace lastack {

// Why a mini-socket is no more.
enum class MiniEnd {
  kNotYet,
  kExpired,   // its time was up
  kReset,     // by a RST
  kTakenOff,  // by a SYN that took over its addresses, by SOCK_DESTROY, with its namespace
};
[[nodiscard]] std::string_view ToString(MiniEnd end);

struct KernelTransition {
  State to = State::kClosed;
  int64_t t_ns = 0;
  int64_t event = 0;  // id
  bool mini = false;  // of the mini-socket
};

// TIME-WAIT, or the FIN-WAIT-2 of an orphan, as its mini-socket lived it.
struct MiniLife {
  int64_t begin_ns = 0;
  int64_t planned_end_ns = 0;  // when its timer was to end it, as last set
  int64_t end_ns = 0;
  MiniEnd end = MiniEnd::kNotYet;
};

struct SentRst {
  int64_t t_ns = 0;
  int64_t event = 0;
  std::string reason;
};

struct KernelLife {
  std::string host;
  uint64_t cookie = 0;
  SocketAddress local;  // as soon as it is known
  SocketAddress remote;
  std::vector<KernelTransition> transitions;  // in order; the first is the first state seen
  std::optional<MiniLife> mini;
  std::vector<SentRst> rsts;
  int retransmissions = 0;
  bool reset = false;  // a RST was received
};

// The lives of all hosts' sockets, listeners included, in the order of their first events. Pure.
[[nodiscard]] std::vector<KernelLife> KernelLives(const std::vector<Event>& events);

}  // namespace lastack

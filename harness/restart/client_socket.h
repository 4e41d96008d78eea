// One client of the server under test: connecting in the client's host, and finding out whether it
// is served.
//
// Threads: sockets are made in the network namespace of the calling thread. Units: *_ns are
// CLOCK_MONOTONIC.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "base/socket_address.h"
#include "base/time.h"
#include "observe/port_sockets.h"
#include "restart/facts.h"

namespace lastack {

// A non-blocking socket in this thread's network that has begun to connect; errno in `error`
// (0: connected or under way).
struct Connecting {
  Fd socket;
  int error = 0;
};
[[nodiscard]] Connecting BeginConnect(const SocketAddress& to);
// Waits until it is connected, or the deadline (EINPROGRESS); 0 or an errno.
[[nodiscard]] int FinishConnect(const Fd& socket, const Deadline& deadline);

[[nodiscard]] SocketAddress LocalAddress(const Fd& socket);

struct ServiceWanted {
  SocketAddress target;
  Ready ready;
  std::string request;        // sent once connected; its answer is waited for
  bool defer_accept = false;  // the server accepts only when data arrive
};

// One attempt to be served, until `stop`. What did not happen is 0; `error` says why it failed.
struct ServiceAttempt {
  int64_t connected_ns = 0;
  int64_t accepted_ns = 0;
  int64_t answered_ns = 0;
  bool served = false;
  std::string error;  // "ECONNREFUSED", "HTTP/1.1 503 …"
  Fd socket;          // still open if it was served
};
// `server` was opened in the server's network.
[[nodiscard]] ServiceAttempt TryService(const ServiceWanted& wanted,
                                        PortSockets* server,
                                        const std::atomic<bool>& stop);

}  // namespace lastack

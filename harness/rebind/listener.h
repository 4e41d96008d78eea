// One attempt to listen, prepared so that nothing but the system calls is repeated when it is
// tried again.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <vector>

#include "base/fd.h"
#include "base/socket_option.h"
#include "rebind/hosts.h"

namespace lastack {

inline constexpr int kBacklog = 65'535;  // no SYN is dropped because the queue is full

// An option as setsockopt takes it.
struct RawOption {
  int level = 0;
  int number = 0;
  std::array<int, 2> value{};
  socklen_t length = 0;
};

struct ListenPlan {
  int domain = AF_INET;
  std::vector<RawOption> options;
  sockaddr_storage address{};
  socklen_t length = 0;
};

// The server's wildcard address with the family's setting of IPV6_V6ONLY. `options`: flags and
// SO_LINGER.
[[nodiscard]] ListenPlan PlanListener(const MeasuringHosts& hosts,
                                      uint16_t port,
                                      const std::vector<SocketOption>& options);

struct ListenOutcome {
  Fd socket;                // non-blocking; none if it failed
  int error = 0;            // errno of the call that failed
  const char* failed = "";  // its name
  int64_t bound_ns = 0;     // CLOCK_MONOTONIC, when bind had returned
  int64_t listening_ns = 0;
};

[[nodiscard]] ListenOutcome Listen(const ListenPlan& plan);

}  // namespace lastack

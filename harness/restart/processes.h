// The processes inside a host as this process sees them: which there are, which sockets they have,
// and the options of those sockets.
//
// Sources: proc(5), pidfd_open(2), pidfd_getfd(2). Errors: kPermission where a process is not ours
// to look into. Works only where the host's processes are in this machine's /proc.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "restart/facts.h"

namespace lastack {

struct OuterProcess {
  pid_t pid = -1;     // as we see it
  ServerProcess own;  // as it is known inside
};

// All that descend from lastack-host `host_pid`, which is all that runs in its PID namespace.
[[nodiscard]] std::vector<OuterProcess> ProcessesUnder(pid_t host_pid);

// A pidfd: readable once the process has ended. kSystem if it has ended before.
[[nodiscard]] Result<Fd> OpenProcess(pid_t pid);
[[nodiscard]] bool HasEnded(const Fd& process);
[[nodiscard]] Status SendSignal(const Fd& process, int signal);

struct HeldSocket {
  int fd = -1;
  uint32_t inode = 0;
};
[[nodiscard]] std::vector<HeldSocket> SocketsOf(pid_t pid);

// The options of a socket of another process, read through a duplicate of its descriptor.
[[nodiscard]] Result<SocketOptions> ReadOptions(const Fd& process, int fd);

}  // namespace lastack

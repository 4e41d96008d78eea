// Executing a server that gets its listener by the protocol of socket activation: LISTEN_FDS and
// LISTEN_PID in the environment, the descriptor as number 3 (sd_listen_fds(3)).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace lastack {

// Both return only when it failed, with an exit code.
[[nodiscard]] int ExecuteWithListener(int listener, const std::vector<std::string>& words);
// With nothing on its standard output and error.
[[nodiscard]] int ExecuteQuietly(const std::vector<std::string>& words);

// The listener that the environment says was passed to this process.
[[nodiscard]] std::optional<Fd> PassedListener();

// How another process opens this process's descriptor of shared memory.
[[nodiscard]] std::string BoardPath(int fd);

// The path of systemd-socket-activate; empty where it is not installed.
[[nodiscard]] std::string FindActivationTool();

// Waits until systemd-socket-activate listens on the port, and gets a copy of its descriptor
// (pidfd_getfd).
[[nodiscard]] Result<Fd> ListenerOfTool(pid_t pid, uint16_t port);

}  // namespace lastack

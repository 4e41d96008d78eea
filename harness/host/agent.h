// The agent inside one host: serves lastack.host/1 on a pair of descriptors.
#pragma once

namespace lastack {

// Serves until the input ends (or for ever, once told to keep the host), kills the peers and
// returns the exit status. Call it from a process that has just started and has one thread: it
// blocks SIGCHLD, ignores SIGPIPE, forbids core files and adopts orphans. Meant to be PID 1 of a
// PID namespace; works without one.
[[nodiscard]] int RunAgent(int input, int output);

}  // namespace lastack

// The relay of a wire: forwards frames between two interfaces as its rules say, and serves
// lastack.wire/1 on a pair of descriptors.
#pragma once

#include <array>
#include <string>

namespace lastack {

// A host, and the interface behind which it is.
struct RelaySide {
  std::string host;
  std::string interface;
};

// Serves until the input ends and returns the exit status. Call it from a process that has just
// started and has one thread, in the relay's own network namespace: it ignores SIGPIPE, forbids
// core files and asks for exact timers. Meant to be PID 1 of a PID namespace; works without one.
// What it holds when it ends is lost.
[[nodiscard]] int RunRelay(const std::array<RelaySide, 2>& sides, int input, int output);

}  // namespace lastack

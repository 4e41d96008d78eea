// Starting processes inside the host: peers, and programs that know nothing of lastack.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace lastack {

struct PeerCommand {
  std::string program;  // empty: lastack-peer, as FindPeerProgram finds it
  std::string on_term;  // empty: the peer's default
  std::string user;     // empty: the host's own
};

struct SpawnedProcess {
  pid_t pid = -1;
  Fd control;  // the host's end
};

// lastack-peer beside this program, or in ../libexec/lastack from there. kSystem if it is in
// neither.
[[nodiscard]] Result<std::string> FindPeerProgram();

// Starts it in a session of its own (a terminal's signals are not for peers) with its control
// descriptor as number 3, nothing on stdin, stdout going where stderr goes (the host's stdout
// carries the protocol), no other descriptors and no blocked signals. Returns once the program has
// been executed. Errors: kPermission if `user` cannot be had or may not execute it; kSystem.
[[nodiscard]] Result<SpawnedProcess> SpawnPeer(const PeerCommand& command);

struct ProgramCommand {
  std::vector<std::string> words;  // the program, looked for as execvp(3) does, and its arguments
  std::string user;                // empty: the host's own
};

struct SpawnedProgram {
  pid_t pid = -1;
  Fd output;  // what it writes to stdout and stderr, in that order; non-blocking
};

// Starts a program like a peer, with its stdout and stderr in one pipe and no descriptors beside 0,
// 1 and 2. Errors as of SpawnPeer.
[[nodiscard]] Result<SpawnedProgram> SpawnProgram(const ProgramCommand& command);

}  // namespace lastack

// The server that is measured: accepts connections, answers each octet with one of its own, and
// ends as it is told.
//
// SIGTERM: it closes its listener, then its connections, and exits. SIGUSR1: the same, but it goes
// on living. Both must be blocked already.
#pragma once

#include "base/fd.h"
#include "rebind/board.h"

namespace lastack {

struct ServerRole {
  int generation = 0;       // counts the servers of a measurement; it answers with AnswerOf
  bool asks_peers = false;  // to close first, when it has the time
  int hand_over = -1;       // a UNIX socket: whoever sends an octet through it gets the listener
};

// What a server of this generation answers.
[[nodiscard]] constexpr char AnswerOf(int generation) {
  return static_cast<char>('A' + generation % 26);
}

inline constexpr char kAskToClose = 'x';

// Serves until it is told to end. The exit code of its process.
[[nodiscard]] int Serve(Fd listener, const ServerRole& role, Board* board);

// Asks the server at the other end of the channel for its listener, and serves with it.
[[nodiscard]] int TakeOverAndServe(const Fd& channel, const ServerRole& role, Board* board);

}  // namespace lastack

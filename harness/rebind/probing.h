// The clients that see whether a server is back: a steady stream of them in a process of its own,
// and one that the measuring process drives itself.
//
// Their address is not that of the population. They reset their connections, so that nothing of
// them is left at the server.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <utility>

#include "base/fd.h"
#include "base/result.h"
#include "rebind/board.h"
#include "rebind/hosts.h"

namespace lastack {

// The body of a forked child: connects, asks, is answered and resets, once every millisecond, as
// the board orders.
[[nodiscard]] int StreamConnections(const MeasuringHosts& hosts, uint16_t port, Board* board);

// A client that is never waited for: each Step is a few calls that return at once.
class ProbingClient {
 public:
  [[nodiscard]] static Result<ProbingClient> Make(const MeasuringHosts& hosts, uint16_t port);

  // Begins, goes on, or begins again after a failure. True once `answer` has come.
  [[nodiscard]] bool Step(char answer);
  void Close() { socket_.Reset(); }  // resets its connection
  [[nodiscard]] int64_t answered_ns() const { return answered_ns_; }

 private:
  enum class Stage { kIdle, kConnecting, kAsking };

  explicit ProbingClient(Fd socket) : socket_(std::move(socket)) {}
  void StartAgain();

  Fd socket_;
  sockaddr_storage server_{};
  socklen_t server_length_ = 0;
  Stage stage_ = Stage::kIdle;
  int64_t answered_ns_ = 0;
};

}  // namespace lastack

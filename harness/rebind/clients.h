// The clients of a measurement, each the body of a forked child, and the client that the measuring
// process drives itself.
//
// All make their sockets in the client's network, which the body's process enters for good.
#pragma once

#include <sys/socket.h>

#include <cstdint>

#include "base/fd.h"
#include "base/result.h"
#include "rebind/board.h"
#include "rebind/hosts.h"

namespace lastack {

// The clients of a population.
struct PopulationPlan {
  uint16_t port = 0;
  int64_t first = 0;  // MeasuringHosts::Client of the first one
  int64_t count = 0;
  int64_t step = 1;         // every step-th is this child's
  bool peer_first = false;  // the client closes first, when asked to where it holds connections
};

// Connects, accepts from the server's listener, closes both ends, one after the other. It goes
// round without waking anybody, so that as many run at the same time as there are cores.
[[nodiscard]] int MakeAndCloseConnections(const MeasuringHosts& hosts,
                                          int listener,
                                          const PopulationPlan& plan);

// Connects and holds the connections until it is ended, which resets them.
[[nodiscard]] int HoldConnections(const MeasuringHosts& hosts,
                                  const PopulationPlan& plan,
                                  Board* board);

// Connects, asks, is answered and resets, once every millisecond, as the board orders.
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

// The clients of a population. Each function that returns an int is the body of a forked child,
// which enters the client's network for good.
#pragma once

#include <cstdint>

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

// Has the whole population made and closed so, by a child for each core.
[[nodiscard]] Status BuildTimeWait(const MeasuringHosts& hosts,
                                   int listener,
                                   const PopulationPlan& plan);

// Connects and holds the connections until it is ended, which resets them.
[[nodiscard]] int HoldConnections(const MeasuringHosts& hosts,
                                  const PopulationPlan& plan,
                                  Board* board);

}  // namespace lastack

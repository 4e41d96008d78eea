// What `lastack watch` prints: each change of a socket as a line for people, or as a JSON line.
//
// docs/watch.md has the JSON members; they are a contract. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "report/socket_watch.h"

namespace lastack {

// What turns a CLOCK_MONOTONIC time into the time of day.
struct TimeOfDay {
  int64_t realtime_minus_monotonic_ns = 0;
};

// The names of the columns. Lines end with a line feed, here and below.
[[nodiscard]] std::string WatchHeading();
[[nodiscard]] std::string WatchLine(const SocketChange& change, const TimeOfDay& clock);
[[nodiscard]] std::string WatchJson(const SocketChange& change, const TimeOfDay& clock);

struct WatchBegun {
  uint16_t port = 0;   // 0: all
  size_t sockets = 0;  // that were there
  std::vector<std::string> blind_spots;
};
[[nodiscard]] std::string WatchJson(const WatchBegun& begun);
// Events that were not seen.
[[nodiscard]] std::string WatchLostJson(int64_t events);

}  // namespace lastack

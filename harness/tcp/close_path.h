// How a connection closed, derived from what both of its endpoints went through.
//
// Source: RFC 9293 3.5.2 (reset), 3.6 (closing: cases 1 to 3).
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "tcp/connection.h"

namespace lastack {

enum class ClosePath {
  kNormal,        // FIN both ways, one after the other
  kSimultaneous,  // FIN both ways, each sent before the other's arrived
  kReset,         // ended by a RST
  kRefused,       // the SYN was answered by a RST
  kHalfClosed,    // FIN one way only, so far
  kUnfinished,    // anything else: still open, or an end whose last segments are missing
};

enum class Side { kClient, kServer };

struct Close {
  ClosePath path = ClosePath::kUnfinished;
  std::optional<Side> first_fin;  // nothing: no FIN, or both at once
  std::optional<Side> first_rst;  // of those that ended an endpoint; nothing: none, or both at once
};

// "normal", "simultaneous", "reset", "refused", "half-closed", "unfinished".
[[nodiscard]] std::string_view ToString(ClosePath path);

// `client` is the end that sent the first SYN. Needs no common clock: an end that went to
// FIN-WAIT-1 sent its FIN before it had the other's.
[[nodiscard]] Close DescribeClose(const std::vector<Transition>& client,
                                  const std::vector<Transition>& server);

}  // namespace lastack

// SYNs and FINs that are sent again, and whether a machine that stood still is to blame for it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "judge/seen_segment.h"
#include "judge/stall.h"

namespace lastack {

// Finds, for a SYN or FIN that is sent again, the time since it was sent last.
class Repetitions {
 public:
  // Nothing for one that was not sent before, and for what no timer sends.
  std::optional<Duration> Add(const SeenSegment& seen);

 private:
  std::map<std::tuple<SocketAddress, SocketAddress, uint32_t, std::string>, int64_t> last_;
};

// What can have kept an ACK from coming in time.
struct Delays {
  Duration round_trip{};  // of the link
  std::vector<Stall> stalls;
};

// The probe that says that the machine stood still for all the time between two sendings, the last
// at `t_ns`, in which the ACK was due; null if none does. No time-out is as short as what the probe
// measures on any machine.
[[nodiscard]] const ProbeRead* StallOver(Duration between, int64_t t_ns, const Delays& delays);

}  // namespace lastack

// The app witness: what calls, rebinds and counters returned against what their steps expect. Pure;
// the runner uses the same functions to know whether it may go on.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "judge/finding.h"
#include "record/event.h"
#include "scenario/model.h"

namespace lastack {

// How a call ended.
struct CallEnd {
  std::vector<CallResult> results;  // of a call that returned
  bool killed = false;              // the peer died in it
  bool exited = false;              // the peer exited, as `exit` asks
  bool timed_out = false;           // it had not returned within its time
};

// "ok", "5", "eof", "ECONNRESET", "killed", "{ECONNRESET: 11, ok: 9}".
[[nodiscard]] std::string Describe(const CallStep& step, const CallEnd& end);

// The difference between a call's end and its step's expectation; nothing if there is none.
[[nodiscard]] std::optional<Finding> CheckCall(const CallStep& step, const CallEnd& end);

[[nodiscard]] std::optional<Finding> CheckRebind(const RebindStep& step, const Rebound& rebound);

// `before` and `after` are readings of the host's counters.
[[nodiscard]] std::optional<Finding> CheckCounters(const CounterStep& step,
                                                   const Place& place,
                                                   const std::map<std::string, int64_t>& before,
                                                   const std::map<std::string, int64_t>& after);

// `took` against its range. A time that is too long by no more than what a named probe explains is
// INCONCLUSIVE; too short never is.
[[nodiscard]] std::optional<Finding> CheckTook(const std::optional<Range<Duration>>& range,
                                               const Place& place,
                                               Duration took,
                                               const ProbeRead* probe);

// "60.00 s..62.05 s".
[[nodiscard]] std::string ToString(const Range<Duration>& range);
[[nodiscard]] std::string ToString(const Range<int64_t>& range);  // "1..5", "1"

}  // namespace lastack

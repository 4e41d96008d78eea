// From what the kernel side wrote to an event of the record. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "observe/bpf/kernel_trace.h"
#include "observe/bpf/trace_event.h"

namespace lastack {

// `reasons`: names by number; `tick`: the period of the kernel's timers.
[[nodiscard]] TracedEvent Decode(const lastack_trace_event& raw,
                                 const std::vector<std::string>& reasons,
                                 Duration tick);

}  // namespace lastack

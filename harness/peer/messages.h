// The lines that a peer writes (docs/protocols.md, "Peer protocol"), without their newline.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "record/event.h"

namespace lastack {

[[nodiscard]] std::string HelloLine(int64_t pid);
[[nodiscard]] std::string StartedLine(int64_t id, int64_t t_ns);
[[nodiscard]] std::string FinishedLine(int64_t id,
                                       int64_t t_ns,
                                       const std::vector<CallResult>& results);
[[nodiscard]] std::string FailedLine(int64_t id, const std::string& message);
[[nodiscard]] std::string ForkedLine(int64_t id, const std::string& as, int64_t pid);
[[nodiscard]] std::string SocketLine(int64_t id);

}  // namespace lastack

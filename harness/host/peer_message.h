// What the host itself has to know of a line that a peer wrote; the rest of the line is forwarded
// as it is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lastack {

enum class PeerEvent { kHello, kStarted, kFinished, kFailed, kForked, kSocket };

struct PeerMessage {
  PeerEvent event = PeerEvent::kHello;
  std::string protocol;  // hello
  int64_t id = 0;        // all but hello
  std::string as;        // forked: the child's name
  int64_t pid = 0;       // hello, forked
};

// Nothing if the line is no message of lastack.peer.
[[nodiscard]] std::optional<PeerMessage> ParsePeerMessage(std::string_view line);

}  // namespace lastack

#include "record/evidence.h"

namespace lastack {

uint64_t DroppedFrames(const Evidence& evidence,
                       const std::string& host,
                       const std::string& interface) {
  uint64_t dropped = 0;
  for (const auto& [event, closed] : Select<CaptureClosed>(evidence.events)) {
    if (closed->host == host && closed->interface == interface) {
      dropped = static_cast<uint64_t>(closed->dropped);
    }
  }
  return dropped;
}

}  // namespace lastack

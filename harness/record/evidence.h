// The evidence of one run: its raw events and what was captured at each end. This, with the
// scenario, is all that the judge reads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "record/event.h"
#include "tcp/segment.h"

namespace lastack {

// One captured frame. `data` holds the first bytes (the capture's snaplen), `length` is the frame's
// own.
struct Frame {
  int64_t realtime_ns = 0;
  uint32_t length = 0;
  Direction direction = Direction::kIn;
  uint32_t interface = 0;  // index into Capture::interfaces
  std::vector<uint8_t> data;
  std::vector<std::string> comments;  // pcapng comments; the judge does not read them
};

// What was captured at one host.
struct Capture {
  std::string host;
  std::vector<std::string> interfaces;  // "eth0", "lo"
  std::vector<Frame> frames;            // as the taps gave them
};

struct Evidence {
  std::vector<Event> events;
  std::vector<Capture> captures;  // one per host
};

// All events of one type, in order: `for (const auto& [event, data] :
// Select<CallFinished>(evidence))`.
template <typename T>
struct Selected {
  const Event* event;
  const T* data;
};
template <typename T>
[[nodiscard]] std::vector<Selected<T>> Select(const std::vector<Event>& events) {
  std::vector<Selected<T>> selected;
  for (const Event& event : events) {
    if (const T* data = std::get_if<T>(&event.data)) {
      selected.push_back({&event, data});
    }
  }
  return selected;
}

// Frames that a host's capture of one interface could not hold.
[[nodiscard]] uint64_t DroppedFrames(const Evidence& evidence,
                                     const std::string& host,
                                     const std::string& interface);

}  // namespace lastack

// The taps of this host, and their frames as `frames` events.
//
// Threads: belongs to the agent's thread.
#pragma once

#include <poll.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "host/output.h"
#include "record/tap.h"

namespace lastack {

class Captures {
 public:
  explicit Captures(Output* output) : output_(output) {}

  // Opens all taps at the same time: each waits for a grace period of the kernel (packet_set_ring,
  // some milliseconds).
  [[nodiscard]] Status Start(const std::vector<std::string>& interfaces, const TapOptions& options);

  struct Closed {
    std::string interface;
    TapCounts counts;
  };
  // Writes what the kernel has captured before the call, then no more.
  [[nodiscard]] Result<std::vector<Closed>> Stop();

  // The taps' descriptors, to wait for frames.
  void AppendPollFds(std::vector<pollfd>* fds) const;
  // Writes the frames that are there, if the descriptor is one of ours.
  void OnReadable(int fd);

 private:
  struct Entry {
    Tap tap;
    bool failed = false;  // its interface is gone; what it had counted stays
  };

  Output* output_;
  std::vector<Entry> entries_;
  // Closing a tap waits for the kernel to have let go of its ring (tens of milliseconds), which
  // nobody needs: stopped ones stay open until the host ends.
  std::vector<Entry> stopped_;
};

}  // namespace lastack

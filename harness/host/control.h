// The host's end of a peer's control descriptor: lines both ways, with descriptors passed along.
//
// Sources: unix(7) (SCM_RIGHTS). A descriptor arrives with the first byte of the line it belongs
// to, and the kernel ends a read after it; so descriptors, too, come in the order of their lines.
// Threads: belongs to the agent's thread.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/line_buffer.h"
#include "base/result.h"

namespace lastack {

class ControlChannel {
 public:
  // Takes a connected UNIX stream socket.
  explicit ControlChannel(Fd fd);

  // -1 once the peer has closed its end.
  [[nodiscard]] int fd() const { return fd_.get(); }

  // The whole lines that have arrived, without waiting.
  [[nodiscard]] std::vector<std::string> Read();

  // The oldest descriptor that has arrived and was not taken.
  [[nodiscard]] std::optional<Fd> TakeDescriptor();

  // Writes a line (its newline is added), with a duplicate of `descriptor` unless that is -1. Waits
  // at most a second for a peer that does not read. Errors: kSystem; the channel is of no use then.
  [[nodiscard]] Status Write(const std::string& line, int descriptor = -1);

 private:
  [[nodiscard]] bool ReadOnce(std::vector<std::string>* lines);

  Fd fd_;
  LineBuffer buffer_;
  std::deque<Fd> descriptors_;
};

}  // namespace lastack

// The peer's end of its control descriptor: lines in, lines out, descriptors (SCM_RIGHTS) both
// ways.
//
// Threads: Write may be called from any thread; everything else from the control thread alone.
#pragma once

#include <deque>
#include <mutex>
#include <optional>
#include <string>

#include "base/fd.h"
#include "base/line_buffer.h"

namespace lastack {

class Control {
 public:
  explicit Control(Fd fd) : fd_(std::move(fd)) {}

  [[nodiscard]] int Descriptor() const { return fd_.get(); }

  // Writes one line, its newline added, with `descriptor` as SCM_RIGHTS if it is not -1. Where
  // nobody is left to read it, the process ends at once. Returns 0, or the errno of a descriptor
  // that could not be sent.
  int Write(std::string line, int descriptor = -1);

  // Reads what has arrived. False: end of file.
  [[nodiscard]] bool Read();

  // The next line that has arrived whole; nothing if there is none.
  [[nodiscard]] std::optional<std::string> NextLine();

  // The descriptor that came with the oldest request that carried one; an invalid one if none has
  // come.
  [[nodiscard]] Fd TakeDescriptor();

  // Nobody writes while this is held; for fork.
  [[nodiscard]] std::unique_lock<std::mutex> LockWrites() { return std::unique_lock(write_); }

  // The forked child goes on with an end of its own; what the parent had read is forgotten.
  void Replace(Fd fd);

 private:
  Fd fd_;
  std::mutex write_;
  LineBuffer buffer_;
  std::deque<std::string> lines_;
  std::deque<Fd> descriptors_;
};

}  // namespace lastack

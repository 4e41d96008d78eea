// A process forked to take part in a measurement, which ends with the object, or with the thread
// that forked it.
#pragma once

#include <sys/types.h>

#include <functional>
#include <utility>
#include <vector>

#include "base/result.h"

namespace lastack {

class Child {
 public:
  Child() = default;
  Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
  Child& operator=(Child&& other) noexcept {
    if (this != &other) {
      End();
      pid_ = std::exchange(other.pid_, -1);
    }
    return *this;
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { End(); }

  // Runs `body` in a child that has the standard descriptors and `keep`, no others; its result is
  // the exit code. SIGTERM and SIGUSR1 are blocked in it. It may only be called while this process
  // has no other thread.
  [[nodiscard]] static Result<Child> Fork(const std::vector<int>& keep,
                                          const std::function<int()>& body);

  [[nodiscard]] pid_t pid() const { return pid_; }
  void Send(int signal) const;
  // Reaps it if it has ended; does not wait.
  [[nodiscard]] bool HasEnded();
  // Waits for its end; true if it exited with 0.
  [[nodiscard]] bool Wait();
  // SIGKILL, and waits until it is reaped. Does nothing when there is no process.
  void End();

 private:
  explicit Child(pid_t pid) : pid_(pid) {}

  pid_t pid_ = -1;
};

}  // namespace lastack

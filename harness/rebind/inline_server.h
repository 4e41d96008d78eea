// A server that runs on the measuring thread.
#pragma once

#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/time.h"

namespace lastack {

// Serves the first connections of a new listener on the measuring thread, without waiting.
class InlineServer {
 public:
  InlineServer(int listener, char answer) : listener_(listener), answer_(answer) {}

  void Step() {
    Accept();
    Answer();
  }

  // Until its connections have been closed by their clients, or the time is over.
  void Drain(const Deadline& deadline) {
    while (!connections_.empty() && !deadline.Expired()) {
      Answer();
    }
  }

  [[nodiscard]] int64_t accepted_ns() const { return accepted_ns_; }

 private:
  void Accept() {
    Fd accepted(accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (accepted.valid()) {
      if (accepted_ns_ == 0) {
        accepted_ns_ = MonotonicNs();
      }
      connections_.push_back(std::move(accepted));
    }
  }

  void Answer() {
    std::erase_if(connections_, [this](const Fd& connection) {
      char octet = 0;
      const ssize_t size = recv(connection.get(), &octet, 1, 0);
      if (size == 1) {
        static_cast<void>(send(connection.get(), &answer_, 1, MSG_NOSIGNAL));
      }
      return size == 0 || (size < 0 && errno != EAGAIN);
    });
  }

  int listener_;
  char answer_;
  int64_t accepted_ns_ = 0;
  std::vector<Fd> connections_;
};

}  // namespace lastack

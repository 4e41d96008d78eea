// The sockets that a peer owns, by the scenario's names.
//
// Closing is always explicit and exactly one close(2): nothing here closes a descriptor by its
// destructor, and no second descriptor of a socket is kept anywhere, since either would change what
// close() means. Threads: every function may be called from any thread.
#pragma once

#include <pthread.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/family.h"
#include "tcp/endpoint.h"

namespace lastack {

constexpr int64_t kUnknownOffset = -1;

struct Socket {
  Socket(int descriptor, Family of_family, int64_t received_bytes = 0)
      : fd(descriptor),
        family(of_family),
        received(std::make_shared<std::atomic<int64_t>>(received_bytes)) {}

  std::atomic<int> fd;  // -1 once it was closed, so that a later system call gives EBADF
  Family family;
  // How many bytes of the incoming stream were read: where the pattern goes on. Duplicates share
  // it. kUnknownOffset: the socket came from another process; the next byte tells.
  std::shared_ptr<std::atomic<int64_t>> received;
};

using SocketPtr = std::shared_ptr<Socket>;

struct NamedSocket {
  std::string name;
  SocketPtr socket;
};

class Sockets {
 public:
  // False if the name is taken.
  [[nodiscard]] bool Insert(const std::string& name, const SocketPtr& socket);

  // Null if there is none of this name.
  [[nodiscard]] SocketPtr Find(const std::string& name) const;

  // Removes the name if it still stands for this socket; false if somebody else has removed it and
  // so is the one to close it.
  bool Remove(const NamedSocket& named);

  [[nodiscard]] std::vector<NamedSocket> All() const;

  // Nobody changes the table while this is held; for fork.
  [[nodiscard]] std::unique_lock<std::mutex> Lock() const { return std::unique_lock(mutex_); }

  // While one of these lives, its thread may be in accept(2).
  class Accepting {
   public:
    explicit Accepting(Sockets* sockets);
    ~Accepting();
    Accepting(const Accepting&) = delete;
    Accepting& operator=(const Accepting&) = delete;
    Accepting(Accepting&&) = delete;
    Accepting& operator=(Accepting&&) = delete;

   private:
    Sockets* sockets_;
  };

  // Closes every listener, then interrupts the threads that are in accept(2) with kInterruptAccept:
  // a blocked accept keeps its listener open.
  void StopListening();

  // In a forked child: the parent's threads are not here. The caller holds Lock().
  void ForgetThreads() { accepting_.clear(); }

  // In a forked child: the descriptors of all sockets. The caller holds Lock().
  [[nodiscard]] std::vector<int> DescriptorsLocked() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, SocketPtr> by_name_;
  std::vector<pthread_t> accepting_;
};

// The signal that makes accept(2) return EINTR; on_term.h installs its handler.
[[nodiscard]] int InterruptAcceptSignal();

// Exactly one close(2). Returns 0 or its errno; EBADF if the socket was closed before.
int CloseSocket(Socket* socket);

// What the kernel says about a socket: addresses, cookie.
[[nodiscard]] Endpoint Describe(const NamedSocket& named);

// The family of a socket that was accepted or received: `mapped` if it is AF_INET6 and carries
// IPv4.
[[nodiscard]] Family FamilyOfSocket(int fd);

}  // namespace lastack

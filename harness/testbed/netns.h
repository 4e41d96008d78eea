// Entering network namespaces with the calling thread, and leaving them again.
//
// A thread's network namespace decides what /proc/sys/net shows, where its sockets are made and
// what its children inherit. Sockets, descriptors and children stay in the namespace they were made
// in. Errors: kPermission without CAP_SYS_ADMIN, kUnsupported without CONFIG_NET_NS. Sources:
// namespaces(7), setns(2). Threads: a visit belongs to the thread that began it; other threads of
// the process are not touched.
#pragma once

#include <utility>

#include "base/fd.h"
#include "base/result.h"

namespace lastack {

// A visit to other network namespaces. Its destructor brings the thread back to where it was; if
// the kernel refused that, the thread would go on in a foreign namespace, so the process is
// aborted.
class NetworkVisit {
 public:
  [[nodiscard]] static Result<NetworkVisit> Begin();
  NetworkVisit(NetworkVisit&& other) noexcept
      : home_(std::move(other.home_)), away_(std::exchange(other.away_, false)) {}
  NetworkVisit& operator=(NetworkVisit&&) = delete;
  NetworkVisit(const NetworkVisit&) = delete;
  NetworkVisit& operator=(const NetworkVisit&) = delete;
  ~NetworkVisit();

  // Makes a new namespace, enters it and returns a descriptor that holds it.
  [[nodiscard]] Result<Fd> EnterNew();
  [[nodiscard]] Status Enter(const Fd& network);

  // Whether the thread has left the namespace it came from.
  [[nodiscard]] bool away() const { return away_; }

 private:
  explicit NetworkVisit(Fd home) : home_(std::move(home)) {}

  Fd home_;
  bool away_ = false;
};

// Enter, run, restore: calls `function` inside `network`, whose result must be a Result<…>, and
// returns it.
template <typename Function>
[[nodiscard]] auto InNetwork(const Fd& network, Function&& function) -> decltype(function()) {
  Result<NetworkVisit> visit = NetworkVisit::Begin();
  if (!visit) {
    return Fail(visit.error());
  }
  if (Status entered = visit->Enter(network); !entered) {
    return Fail(entered.error());
  }
  return std::forward<Function>(function)();
}

}  // namespace lastack

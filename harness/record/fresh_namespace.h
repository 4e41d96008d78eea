// For unit tests that need a network: a network namespace of their own, with lo up.
#pragma once

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace lastack {

// Moves the calling thread into a new network namespace; as an ordinary user (and with a single
// thread) into a new user namespace as well. The namespace ends with the thread, or with the next
// call.
[[nodiscard]] inline Status EnterFreshNamespace() {
  if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWNET | CLONE_NEWUSER) != 0) {
    return FailErrno("cannot make a network namespace");
  }
  const Fd any_socket(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::string("lo").copy(request.ifr_name, sizeof(request.ifr_name) - 1);
  request.ifr_flags = IFF_UP;
  if (ioctl(any_socket.get(), SIOCSIFFLAGS, &request) != 0) {  // NOLINT(*-vararg)
    return FailErrno("cannot set lo up");
  }
  return {};
}

}  // namespace lastack

// Network namespaces of the calling thread: unshare(2), setns(2).
#include "testbed/netns.h"

#include <fcntl.h>
#include <sched.h>

#include <cerrno>
#include <cstdlib>

namespace lastack {
namespace {

Result<Fd> OpenOwnNamespace() {
  Fd fd(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    return FailErrno("cannot open /proc/thread-self/ns/net");
  }
  return fd;
}

Error UnshareError(int errno_value) {
  Error error = SystemError("cannot make a network namespace", errno_value);
  if (errno_value == EINVAL) {
    error.kind = ErrorKind::kUnsupported;
    error.hint = "the kernel needs CONFIG_NET_NS";
  } else if (errno_value == EPERM) {
    error.hint = "run as root, or allow user namespaces to ordinary users; see `lastack doctor`";
  } else if (errno_value == ENOSPC) {
    error.hint = "too many namespaces: raise user.max_net_namespaces, or use a smaller -j";
  }
  return error;
}

}  // namespace

Result<NetworkVisit> NetworkVisit::Begin() {
  Result<Fd> home = OpenOwnNamespace();
  if (!home) {
    return Fail(home.error());
  }
  return NetworkVisit(std::move(*home));
}

NetworkVisit::~NetworkVisit() {
  if (away_ && setns(home_.get(), CLONE_NEWNET) != 0) {
    std::abort();
  }
}

Result<Fd> NetworkVisit::EnterNew() {
  if (unshare(CLONE_NEWNET) != 0) {
    return Fail(UnshareError(errno));
  }
  away_ = true;
  return OpenOwnNamespace();
}

Status NetworkVisit::Enter(const Fd& network) {
  if (setns(network.get(), CLONE_NEWNET) != 0) {
    return FailErrno("cannot enter a network namespace");
  }
  away_ = true;
  return {};
}

}  // namespace lastack

// Entering a user namespace, so that an ordinary user may make network namespaces.
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "base/fd.h"
#include "testbed/testbed.h"

namespace lastack {
namespace {

constexpr const char* kHint =
    "run as root, or let an administrator allow user namespaces: "
    "kernel.unprivileged_userns_clone=1, "
    "kernel.apparmor_restrict_unprivileged_userns=0, user.max_user_namespaces above 0 (what of "
    "these exists)";

Error NotAllowed(const std::string& what, int errno_value) {
  Error error = SystemError(what, errno_value);
  error.kind = ErrorKind::kPermission;
  error.hint = kHint;
  if (errno_value == EINVAL) {
    error.kind = ErrorKind::kUnsupported;
    error.hint = "the kernel needs CONFIG_USER_NS (and the process must have one thread only)";
  }
  return error;
}

Status WriteFile(const char* path, const std::string& text) {
  const Fd file(open(path, O_WRONLY | O_CLOEXEC));
  if (!file.valid() || write(file.get(), text.data(), text.size()) < 0) {
    return Fail(NotAllowed(fmt::format("cannot write {}", path), errno));
  }
  return {};
}

// Root of a user namespace that does not own the network namespace it is in (a container with the
// machine's network) could not come back to it from a host's. Where namespaces are not allowed at
// all, what needs one will say so.
void LeaveForeignNetwork() {
  const Fd own(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  const bool may_come_back = own.valid() && setns(own.get(), CLONE_NEWNET) == 0;
  if (!may_come_back) {
    static_cast<void>(unshare(CLONE_NEWNET));
  }
}

}  // namespace

Status EnterUserNamespaceIfNeeded() {
  const uid_t user = geteuid();
  const gid_t group = getegid();
  if (user == 0) {
    LeaveForeignNetwork();
    return {};
  }
  if (unshare(CLONE_NEWUSER) != 0) {
    return Fail(NotAllowed("cannot make a user namespace", errno));
  }
  // Source: user_namespaces(7). Group identities may be mapped only after setgroups has been given
  // up.
  if (Status denied = WriteFile("/proc/self/setgroups", "deny"); !denied) {
    return denied;
  }
  if (Status mapped = WriteFile("/proc/self/uid_map", fmt::format("0 {} 1", user)); !mapped) {
    return mapped;
  }
  if (Status mapped = WriteFile("/proc/self/gid_map", fmt::format("0 {} 1", group)); !mapped) {
    return mapped;
  }
  if (unshare(CLONE_NEWNET) != 0) {
    return Fail(NotAllowed("cannot make a network namespace in a user namespace", errno));
  }
  return {};
}

}  // namespace lastack

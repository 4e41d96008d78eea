#include "host/as_user.h"

#include <pwd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace lastack {
namespace {

// glibc's setresuid and its relatives change all threads of the process (nptl(7)); the system calls
// only their caller.
bool ChangeThisThread(const UserIds& ids) {
  // NOLINTBEGIN(*-vararg): syscall(2) is the only way
  return syscall(SYS_setgroups, 0, nullptr) == 0 &&
         syscall(SYS_setresgid, ids.gid, ids.gid, ids.gid) == 0 &&
         syscall(SYS_setresuid, ids.uid, ids.uid, ids.uid) == 0;
  // NOLINTEND(*-vararg)
}

}  // namespace

Result<UserIds> FindUser(const std::string& name) {
  std::array<char, 4096> text{};
  passwd entry{};
  passwd* found = nullptr;
  const int status = getpwnam_r(name.c_str(), &entry, text.data(), text.size(), &found);
  if (found == nullptr) {
    return Fail(status == 0 ? Error{ErrorKind::kUnsupported,
                                    "this machine has no user " + name,
                                    "use a user of /etc/passwd, such as nobody"}
                            : SystemError("cannot look up user " + name, status));
  }
  return UserIds{entry.pw_uid, entry.pw_gid};
}

Status BecomeUser(const std::string& name) {
  const Result<UserIds> ids = FindUser(name);
  if (!ids) {
    return Fail(ids.error());
  }
  if (ChangeThisThread(*ids)) {
    return {};
  }
  Error error = SystemError("cannot act as user " + name, errno);
  error.kind = ErrorKind::kPermission;  // EINVAL: the user namespace does not map this user
  error.hint = "run as root";
  return Fail(std::move(error));
}

}  // namespace lastack

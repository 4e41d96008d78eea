#include "base/result.h"

#include <cerrno>

#include "base/errno_name.h"

namespace lastack {

std::string_view ToString(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kScenario:
      return "scenario";
    case ErrorKind::kUnsupported:
      return "unsupported";
    case ErrorKind::kPermission:
      return "permission";
    case ErrorKind::kSystem:
      return "system";
  }
  return "";
}

ErrorKind ErrorKindFromString(std::string_view name) {
  for (const ErrorKind kind :
       {ErrorKind::kScenario, ErrorKind::kUnsupported, ErrorKind::kPermission}) {
    if (ToString(kind) == name) {
      return kind;
    }
  }
  return ErrorKind::kSystem;
}

Error SystemError(const std::string& what_failed, int errno_value) {
  ErrorKind kind = ErrorKind::kSystem;
  if (errno_value == EPERM || errno_value == EACCES) {
    kind = ErrorKind::kPermission;
  } else if (errno_value == ENOSYS || errno_value == EOPNOTSUPP) {
    kind = ErrorKind::kUnsupported;
  }
  return {kind, what_failed + ": " + ErrnoText(errno_value), {}};
}

tl::unexpected<Error> FailErrno(const std::string& what_failed) {
  return Fail(SystemError(what_failed, errno));
}

}  // namespace lastack

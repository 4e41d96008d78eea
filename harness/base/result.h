// What a function that can fail returns: its value, or an Error that says what failed and what to
// do.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace lastack {

// The kind decides the reaction of the programs.
enum class ErrorKind {
  kScenario,     // the user's input is wrong: exit 2, nothing is run
  kUnsupported,  // this machine or kernel cannot do it: SKIP
  kPermission,   // this user may not do it: SKIP
  kSystem,       // the harness itself could not do its work: ERROR, evidence is kept
};

// "scenario", "unsupported", "permission", "system": the programs' protocols name them so.
[[nodiscard]] std::string_view ToString(ErrorKind kind);
[[nodiscard]] ErrorKind ErrorKindFromString(std::string_view name);  // kSystem for any other name

struct Error {
  ErrorKind kind = ErrorKind::kSystem;
  std::string message;  // one sentence, lower case: what failed, on which object, errno text last
  std::string hint;     // what to do about it; may be empty
};

template <typename T>
using Result = tl::expected<T, Error>;

using Status = Result<void>;

// Shorthands for `return Fail(...)` in a function that returns a Result.
[[nodiscard]] inline tl::unexpected<Error> Fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}
[[nodiscard]] inline tl::unexpected<Error> Fail(ErrorKind kind,
                                                std::string message,
                                                std::string hint = {}) {
  return Fail(Error{kind, std::move(message), std::move(hint)});
}

// An Error from errno (or an errno value): the kind follows from the number (EPERM and EACCES are
// kPermission, ENOSYS and EOPNOTSUPP kUnsupported, all others kSystem); the errno text comes last.
[[nodiscard]] Error SystemError(const std::string& what_failed, int errno_value);
[[nodiscard]] tl::unexpected<Error> FailErrno(const std::string& what_failed);

}  // namespace lastack

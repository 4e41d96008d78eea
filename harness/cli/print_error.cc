#include "cli/print_error.h"

#include <cstdio>

#include <fmt/format.h>

namespace lastack {

void PrintError(const Error& error) {
  // A scenario error brings its own place; everything else says whose words these are.
  const bool has_place = error.kind == ErrorKind::kScenario;
  fmt::print(stderr, "{}{}\n", has_place ? "" : "lastack: ", error.message);
  if (!error.hint.empty()) {
    fmt::print(stderr, "hint: {}\n", error.hint);
  }
}

}  // namespace lastack

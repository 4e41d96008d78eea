// Names of errno values ("ECONNRESET") and back; names are what scenarios and evidence contain.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lastack {

// The symbolic name, e.g. "ECONNRESET"; "errno 4095" for a number without one.
[[nodiscard]] std::string ErrnoName(int errno_value);

// The text for people, e.g. "Connection reset by peer (ECONNRESET)".
[[nodiscard]] std::string ErrnoText(int errno_value);

// The number of a symbolic name; nothing if there is no such errno.
[[nodiscard]] std::optional<int> ErrnoFromName(std::string_view name);

}  // namespace lastack

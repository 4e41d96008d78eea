// Names of signals without SIG ("KILL") and back.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lastack {

// "KILL"; its number for a signal without a name (a real-time one).
[[nodiscard]] std::string SignalName(int number);

// Nothing if there is no such signal.
[[nodiscard]] std::optional<int> SignalFromName(std::string_view name);

}  // namespace lastack

#include "base/signal_name.h"

#include <csignal>
#include <cstring>

namespace lastack {

std::string SignalName(int number) {
  const char* name = sigabbrev_np(number);
  return name != nullptr ? name : std::to_string(number);
}

std::optional<int> SignalFromName(std::string_view name) {
  for (int number = 1; number < NSIG; ++number) {
    const char* candidate = sigabbrev_np(number);
    if (candidate != nullptr && name == candidate) {
      return number;
    }
  }
  return std::nullopt;
}

}  // namespace lastack

// The socket options a scenario can name, with what setsockopt(2) needs to set them.
//
// Source: socket(7), tcp(7), ip(7), ipv6(7). One table serves the scenario loader (names, units),
// the peers and the rebind probe (levels, numbers).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lastack {

// The unit of the kernel's integer; decides what a scenario may write.
enum class OptionUnit { kFlag, kNumber, kBytes, kSeconds, kMilliseconds, kTimeval, kLinger };

struct OptionInfo {
  std::string_view name;
  int level;
  int number;
  OptionUnit unit;
};

// One option with a value in the kernel's own unit.
struct SocketOption {
  std::string name;
  int64_t value = 1;    // flag, number, bytes, seconds or milliseconds; for kTimeval milliseconds;
                        // for SO_LINGER: l_onoff
  int64_t seconds = 0;  // SO_LINGER only: l_linger

  bool operator==(const SocketOption&) const = default;
};

[[nodiscard]] const std::vector<OptionInfo>& AllOptions();

// The option of this name; null if there is none.
[[nodiscard]] const OptionInfo* FindOption(std::string_view name);

// Sets one option on a socket. Returns 0 or the errno of setsockopt; ENOPROTOOPT for an unknown
// name.
[[nodiscard]] int SetOption(int socket, const SocketOption& option);

// Reads one option. Returns 0 or an errno.
[[nodiscard]] int GetOption(int socket, std::string_view name, SocketOption* out);

}  // namespace lastack

// A fingerprint of a text, to see that a stored copy was not changed by mistake.
#pragma once

#include <string>
#include <string_view>

namespace lastack {

// "fnv1a64:" and 16 hexadecimal digits (FNV-1a, 64 bits). Not a cryptographic seal.
[[nodiscard]] std::string HashText(std::string_view text);

}  // namespace lastack

#include "base/hash.h"

#include <cstdint>

#include <fmt/format.h>

namespace lastack {

std::string HashText(std::string_view text) {
  constexpr uint64_t kOffsetBasis = 0xcbf29ce484222325;
  constexpr uint64_t kPrime = 0x100000001b3;
  uint64_t hash = kOffsetBasis;
  for (const char c : text) {
    hash = (hash ^ static_cast<uint8_t>(c)) * kPrime;
  }
  return fmt::format("fnv1a64:{:016x}", hash);
}

}  // namespace lastack

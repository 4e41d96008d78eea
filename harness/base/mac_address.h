// A hardware address of Ethernet.
#pragma once

#include <array>
#include <cstdint>

namespace lastack {

using MacAddress = std::array<uint8_t, 6>;

}  // namespace lastack

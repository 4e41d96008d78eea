// Base64 (RFC 4648 section 4, with padding): how bytes travel in JSON lines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lastack {

[[nodiscard]] std::string Base64Encode(const uint8_t* data, size_t size);

// Nothing if the text is not valid base64.
[[nodiscard]] std::optional<std::vector<uint8_t>> Base64Decode(std::string_view text);

}  // namespace lastack

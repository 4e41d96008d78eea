// Tells whether text is UTF-8, so that what is stored as JSON can be read back.
#pragma once

#include <cstddef>
#include <string_view>

namespace lastack {

// The offset of the first byte that is not part of valid UTF-8 (RFC 3629), or is NUL; npos if all
// is well.
[[nodiscard]] size_t FindInvalidUtf8(std::string_view text);

}  // namespace lastack

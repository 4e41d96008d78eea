// The bytes that peers send and check: byte i of a stream is i mod 251.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lastack {

// `size` bytes of the stream from `offset` on.
[[nodiscard]] std::vector<uint8_t> PatternBytes(int64_t offset, size_t size);

// Whether these are the bytes of the stream from `offset` on.
[[nodiscard]] bool MatchesPattern(int64_t offset, const uint8_t* data, size_t size);

// How many bytes have been written to this connection since it was made, by whatever process: where
// the pattern goes on. It is the kernel's own count, so it stays right when sockets are forked,
// duplicated and passed. 0 if it is not connected.
[[nodiscard]] int64_t SentBytes(int fd);

}  // namespace lastack

#include "peer/pattern.h"

#include <linux/tcp.h>  // not netinet/tcp.h: its tcp_info ends before tcpi_bytes_sent
#include <netinet/in.h>
#include <sys/socket.h>

namespace lastack {
namespace {

constexpr int64_t kPeriod = 251;  // a prime, so that no power of two of lost or repeated bytes fits

uint8_t ByteAt(int64_t offset) {
  return static_cast<uint8_t>(offset % kPeriod);
}

}  // namespace

std::vector<uint8_t> PatternBytes(int64_t offset, size_t size) {
  std::vector<uint8_t> bytes(size);
  for (uint8_t& byte : bytes) {
    byte = ByteAt(offset++);
  }
  return bytes;
}

bool MatchesPattern(int64_t offset, const uint8_t* data, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    if (data[i] != ByteAt(offset + static_cast<int64_t>(i))) {
      return false;
    }
  }
  return true;
}

int64_t SentBytes(int fd) {
  tcp_info info{};
  socklen_t length = sizeof(info);
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) {
    return 0;
  }
  return static_cast<int64_t>(info.tcpi_bytes_sent - info.tcpi_bytes_retrans) +
         info.tcpi_notsent_bytes;
}

}  // namespace lastack

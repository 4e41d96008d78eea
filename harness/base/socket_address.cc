#include "base/socket_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <cstring>

namespace lastack {
namespace {

constexpr std::string_view kMappedPrefix = "::ffff:";

bool IsMapped(const std::string& address) {
  return address.starts_with(kMappedPrefix) && address.find('.') != std::string::npos;
}

}  // namespace

std::string ToString(const SocketAddress& address) {
  const bool v6 = address.address.find(':') != std::string::npos;
  return (v6 ? "[" + address.address + "]" : address.address) + ":" + std::to_string(address.port);
}

SocketAddress Unmapped(const SocketAddress& address) {
  if (!IsMapped(address.address)) {
    return address;
  }
  return {address.address.substr(kMappedPrefix.size()), address.port};
}

std::optional<socklen_t> ToSockaddr(const SocketAddress& address,
                                    int family,
                                    sockaddr_storage* out) {
  *out = {};
  if (family == AF_INET) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    if (inet_pton(AF_INET, Unmapped(address).address.c_str(), &v4.sin_addr) != 1) {
      return std::nullopt;
    }
    std::memcpy(out, &v4, sizeof(v4));
    return sizeof(v4);
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(address.port);
  const bool is_v4 = address.address.find(':') == std::string::npos;
  const std::string text = (is_v4 ? std::string(kMappedPrefix) : "") + address.address;
  if (inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) != 1) {
    return std::nullopt;
  }
  std::memcpy(out, &v6, sizeof(v6));
  return sizeof(v6);
}

SocketAddress FromSockaddr(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof(v4));
    inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    return {text.data(), ntohs(v4.sin_port)};
  }
  if (address.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof(v6));
    inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    return {text.data(), ntohs(v6.sin6_port)};
  }
  return {};
}

}  // namespace lastack

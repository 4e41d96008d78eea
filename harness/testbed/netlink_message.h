// What all netlink messages are put together from; for the .cc files of this folder only.
#pragma once

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string>

#include <libmnl/libmnl.h>

namespace lastack {

inline constexpr size_t kLargestMessage = 1024;  // ours have at most 250 bytes

inline bool IsV6(const std::string& address) {
  return address.find(':') != std::string::npos;
}
inline uint8_t FamilyOf(const std::string& address) {
  return IsV6(address) ? AF_INET6 : AF_INET;
}

inline void PutAddress(nlmsghdr* message, uint16_t attribute, const std::string& address) {
  std::array<uint8_t, 16> binary{};
  inet_pton(FamilyOf(address), address.c_str(), binary.data());
  mnl_attr_put(message, attribute, IsV6(address) ? 16 : 4, binary.data());
}

template <typename T>
T* PutHeader(nlmsghdr* message) {
  return static_cast<T*>(mnl_nlmsg_put_extra_header(message, sizeof(T)));
}

}  // namespace lastack

#include "base/socket_option.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>

namespace lastack {
namespace {

constexpr int kMsPerSecond = 1000;
constexpr int kUsPerMs = 1000;

}  // namespace

const std::vector<OptionInfo>& AllOptions() {
  using enum OptionUnit;
  static const std::vector<OptionInfo> kOptions = {
      {"SO_REUSEADDR", SOL_SOCKET, SO_REUSEADDR, kFlag},
      {"SO_REUSEPORT", SOL_SOCKET, SO_REUSEPORT, kFlag},
      {"SO_LINGER", SOL_SOCKET, SO_LINGER, kLinger},
      {"SO_KEEPALIVE", SOL_SOCKET, SO_KEEPALIVE, kFlag},
      {"SO_OOBINLINE", SOL_SOCKET, SO_OOBINLINE, kFlag},
      {"SO_SNDBUF", SOL_SOCKET, SO_SNDBUF, kBytes},
      {"SO_RCVBUF", SOL_SOCKET, SO_RCVBUF, kBytes},
      {"SO_SNDTIMEO", SOL_SOCKET, SO_SNDTIMEO, kTimeval},
      {"SO_RCVTIMEO", SOL_SOCKET, SO_RCVTIMEO, kTimeval},
      {"SO_ERROR", SOL_SOCKET, SO_ERROR, kNumber},
      {"TCP_NODELAY", IPPROTO_TCP, TCP_NODELAY, kFlag},
      {"TCP_CORK", IPPROTO_TCP, TCP_CORK, kFlag},
      {"TCP_QUICKACK", IPPROTO_TCP, TCP_QUICKACK, kFlag},
      {"TCP_DEFER_ACCEPT", IPPROTO_TCP, TCP_DEFER_ACCEPT, kSeconds},
      {"TCP_LINGER2", IPPROTO_TCP, TCP_LINGER2, kSeconds},
      {"TCP_USER_TIMEOUT", IPPROTO_TCP, TCP_USER_TIMEOUT, kMilliseconds},
      {"TCP_KEEPIDLE", IPPROTO_TCP, TCP_KEEPIDLE, kSeconds},
      {"TCP_KEEPINTVL", IPPROTO_TCP, TCP_KEEPINTVL, kSeconds},
      {"TCP_KEEPCNT", IPPROTO_TCP, TCP_KEEPCNT, kNumber},
      {"TCP_SYNCNT", IPPROTO_TCP, TCP_SYNCNT, kNumber},
      {"TCP_MAXSEG", IPPROTO_TCP, TCP_MAXSEG, kBytes},
      {"TCP_WINDOW_CLAMP", IPPROTO_TCP, TCP_WINDOW_CLAMP, kBytes},
      {"IPV6_V6ONLY", IPPROTO_IPV6, IPV6_V6ONLY, kFlag},
      {"IP_BIND_ADDRESS_NO_PORT", IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, kFlag},
      {"IP_FREEBIND", IPPROTO_IP, IP_FREEBIND, kFlag},
  };
  return kOptions;
}

const OptionInfo* FindOption(std::string_view name) {
  const auto& options = AllOptions();
  const auto found =
      std::find_if(options.begin(), options.end(), [&](const auto& o) { return o.name == name; });
  return found == options.end() ? nullptr : &*found;
}

int SetOption(int socket, const SocketOption& option) {
  const OptionInfo* info = FindOption(option.name);
  if (info == nullptr) {
    return ENOPROTOOPT;
  }
  int result = 0;
  switch (info->unit) {
    case OptionUnit::kLinger: {
      const linger value{static_cast<int>(option.value), static_cast<int>(option.seconds)};
      result = setsockopt(socket, info->level, info->number, &value, sizeof(value));
      break;
    }
    case OptionUnit::kTimeval: {
      const timeval value{option.value / kMsPerSecond, option.value % kMsPerSecond * kUsPerMs};
      result = setsockopt(socket, info->level, info->number, &value, sizeof(value));
      break;
    }
    case OptionUnit::kFlag:
    case OptionUnit::kNumber:
    case OptionUnit::kBytes:
    case OptionUnit::kSeconds:
    case OptionUnit::kMilliseconds: {
      const int value = static_cast<int>(option.value);
      result = setsockopt(socket, info->level, info->number, &value, sizeof(value));
      break;
    }
  }
  return result == 0 ? 0 : errno;
}

int GetOption(int socket, std::string_view name, SocketOption* out) {
  const OptionInfo* info = FindOption(name);
  if (info == nullptr) {
    return ENOPROTOOPT;
  }
  out->name = name;
  int result = 0;
  switch (info->unit) {
    case OptionUnit::kLinger: {
      linger value{};
      socklen_t length = sizeof(value);
      result = getsockopt(socket, info->level, info->number, &value, &length);
      out->value = value.l_onoff;
      out->seconds = value.l_linger;
      break;
    }
    case OptionUnit::kTimeval: {
      timeval value{};
      socklen_t length = sizeof(value);
      result = getsockopt(socket, info->level, info->number, &value, &length);
      out->value = value.tv_sec * kMsPerSecond + value.tv_usec / kUsPerMs;
      break;
    }
    case OptionUnit::kFlag:
    case OptionUnit::kNumber:
    case OptionUnit::kBytes:
    case OptionUnit::kSeconds:
    case OptionUnit::kMilliseconds: {
      int value = 0;
      socklen_t length = sizeof(value);
      result = getsockopt(socket, info->level, info->number, &value, &length);
      out->value = value;
      break;
    }
  }
  return result == 0 ? 0 : errno;
}

}  // namespace lastack

#include "observe/diag_message.h"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <array>
#include <cerrno>
#include <cstring>

#include <libmnl/libmnl.h>

namespace lastack {
namespace {

constexpr size_t kReceiveBytes = 32768;  // a dump fills buffers of up to 32 KiB

// Linux's idiag_timer (inet_diag.c).
enum class DiagTimer { kNone, kRetransmit, kKeepalive, kTimeWait, kProbe };

}  // namespace

void PutAddress(const SocketAddress& address, int domain, __be32* words, __be16* port) {
  sockaddr_storage storage{};
  if (!ToSockaddr(address, domain, &storage)) {
    return;  // stays the wildcard address, which no connection has
  }
  if (domain == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &storage, sizeof(v4));
    std::memcpy(words, &v4.sin_addr, sizeof(v4.sin_addr));
  } else {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &storage, sizeof(v6));
    std::memcpy(words, &v6.sin6_addr, sizeof(v6.sin6_addr));
  }
  *port = htons(address.port);
}

void AppendRequest(const inet_diag_req_v2& body, nlmsghdr* header) {
  std::memcpy(mnl_nlmsg_put_extra_header(header, sizeof(body)), &body, sizeof(body));
}

uint64_t CookieOf(const inet_diag_msg& message) {
  return (static_cast<uint64_t>(message.id.idiag_cookie[1]) << 32U) | message.id.idiag_cookie[0];
}

bool IsMini(const inet_diag_msg& message) {
  return message.idiag_timer == static_cast<uint8_t>(DiagTimer::kTimeWait);
}

SampleKind KindOf(const inet_diag_msg& message) {
  if (IsMini(message)) {
    return SampleKind::kTimeWait;
  }
  // A request socket has no inode; a socket that is really in SYN-RECEIVED (simultaneous open) has
  // its owner's.
  const bool request = message.idiag_state == TCP_SYN_RECV && message.idiag_inode == 0;
  return request ? SampleKind::kRequest : SampleKind::kSocket;
}

std::string TimerName(uint8_t timer) {
  switch (static_cast<DiagTimer>(timer)) {
    case DiagTimer::kNone:
      return "";
    case DiagTimer::kRetransmit:
      return "retransmit";
    case DiagTimer::kKeepalive:
      return "keepalive";
    case DiagTimer::kTimeWait:
      return "time-wait";
    case DiagTimer::kProbe:
      return "probe";
  }
  return "";
}

Result<size_t> ReceiveDiag(mnl_socket* socket,
                           const OnMessage& on_message,
                           const OnError& on_error) {
  alignas(nlmsghdr) std::array<char, kReceiveBytes> buffer;  // NOLINT(*-member-init): recv fills it
  const ssize_t received =
      recv(mnl_socket_get_fd(socket), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (received < 0) {
    return FailErrno("cannot read socket states from the kernel");
  }
  size_t messages = 0;
  int left = static_cast<int>(received);
  const void* at = buffer.data();
  for (const auto* header = static_cast<const nlmsghdr*>(at); mnl_nlmsg_ok(header, left);
       header = mnl_nlmsg_next(header, &left)) {
    ++messages;
    const void* payload = mnl_nlmsg_get_payload(header);
    const size_t size = mnl_nlmsg_get_payload_len(header);
    if (header->nlmsg_type == SOCK_DIAG_BY_FAMILY && size >= sizeof(inet_diag_msg)) {
      inet_diag_msg body{};
      std::memcpy(&body, payload, sizeof(body));
      on_message(*header, body);
    } else if (header->nlmsg_type == NLMSG_ERROR && size >= sizeof(int)) {
      int error = 0;
      std::memcpy(&error, payload, sizeof(error));
      on_error(*header, -error);
    } else if (header->nlmsg_type == NLMSG_DONE) {
      on_error(*header, 0);
    }
  }
  return messages;
}

}  // namespace lastack

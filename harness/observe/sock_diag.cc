#include "observe/sock_diag.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <functional>
#include <string>

#include <libmnl/libmnl.h>

#include "base/socket_address.h"
#include "tcp/state.h"

namespace lastack {
namespace {

// Requests in one write. A get costs about 3 µs (Linux 6.18); a dump is not cheaper for thousands
// of sockets, and not as exact. The answers wait in the socket's receive buffer (208 KiB by
// default, about 1 KiB each).
constexpr size_t kBatch = 32;
constexpr size_t kReceiveBytes = 32768;  // a dump fills buffers of up to 32 KiB
constexpr unsigned kDestroySequence = 1000;

// Linux's idiag_timer (inet_diag.c).
enum class DiagTimer { kNone, kRetransmit, kKeepalive, kTimeWait, kProbe };

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

inet_diag_req_v2 ToRequest(const Endpoint& endpoint) {
  const int domain = SocketDomain(endpoint.family);
  inet_diag_req_v2 request{};
  request.sdiag_family = static_cast<uint8_t>(domain);
  request.sdiag_protocol = IPPROTO_TCP;
  request.idiag_states = ~0U;
  PutAddress(endpoint.local, domain, request.id.idiag_src, &request.id.idiag_sport);
  if (endpoint.remote) {
    PutAddress(*endpoint.remote, domain, request.id.idiag_dst, &request.id.idiag_dport);
  }
  request.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
  request.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  return request;
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

// Is this the socket that was asked for, and not the listener of its port or another incarnation?
bool IsAskedFor(const inet_diag_msg& message, const Endpoint& endpoint) {
  const inet_diag_req_v2 request = ToRequest(endpoint);
  if (message.idiag_family != request.sdiag_family ||
      message.id.idiag_sport != request.id.idiag_sport ||
      message.id.idiag_dport != request.id.idiag_dport) {
    return false;
  }
  const size_t bytes = message.idiag_family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr);
  if (std::memcmp(message.id.idiag_src, request.id.idiag_src, bytes) != 0 ||
      std::memcmp(message.id.idiag_dst, request.id.idiag_dst, bytes) != 0) {
    return false;
  }
  if (!endpoint.remote && message.idiag_state != TCP_LISTEN) {
    return false;
  }
  return endpoint.cookie == 0 || CookieOf(message) == endpoint.cookie;
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

StateSample ToSample(const Endpoint& endpoint, const std::optional<inet_diag_msg>& found) {
  StateSample sample;
  sample.endpoint = endpoint.name;
  if (!found) {
    return sample;
  }
  sample.state = StateFromLinux(found->idiag_state).value_or(State::kClosed);
  sample.kind = KindOf(*found);
  sample.cookie = CookieOf(*found);
  sample.timer = TimerName(found->idiag_timer);
  if (!sample.timer.empty()) {
    sample.expires = std::chrono::milliseconds(found->idiag_expires);
  }
  return sample;
}

// What to do with each message of an answer.
using OnMessage = std::function<void(const nlmsghdr&, const inet_diag_msg&)>;
using OnError = std::function<void(const nlmsghdr&, int)>;

// Reads one buffer of messages; netlink has answered before the write returned, so an empty queue
// is an error. Returns how many messages there were, the end of a dump included.
Result<size_t> Receive(mnl_socket* socket, const OnMessage& on_message, const OnError& on_error) {
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

}  // namespace

void SockDiag::Closer::operator()(mnl_socket* socket) const {
  mnl_socket_close(socket);
}

Result<SockDiag> SockDiag::Open() {
  SockDiag diag(mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC));
  if (diag.socket_ == nullptr || mnl_socket_bind(diag.socket_.get(), 0, MNL_SOCKET_AUTOPID) != 0) {
    return FailErrno("cannot open a sock_diag socket");
  }
  return diag;
}

Status SockDiag::Get(const Endpoint* endpoints, size_t count, Found* found) {
  found->assign(count, std::nullopt);
  constexpr size_t kRequestBytes = NLMSG_ALIGN(sizeof(nlmsghdr) + sizeof(inet_diag_req_v2));
  alignas(nlmsghdr) std::array<char, kBatch * kRequestBytes> buffer{};
  for (size_t i = 0; i < count; ++i) {
    nlmsghdr* header = mnl_nlmsg_put_header(buffer.data() + i * kRequestBytes);
    header->nlmsg_type = SOCK_DIAG_BY_FAMILY;
    header->nlmsg_flags = NLM_F_REQUEST;
    header->nlmsg_seq = static_cast<uint32_t>(i);
    AppendRequest(ToRequest(endpoints[i]), header);
  }
  if (mnl_socket_sendto(socket_.get(), buffer.data(), count * kRequestBytes) < 0) {
    return FailErrno("cannot ask the kernel for socket states");
  }
  int refused = 0;
  const auto on_message = [&](const nlmsghdr& header, const inet_diag_msg& message) {
    if (header.nlmsg_seq < count && IsAskedFor(message, endpoints[header.nlmsg_seq])) {
      (*found)[header.nlmsg_seq] = message;
    }
  };
  const auto on_error = [&](const nlmsghdr& /*header*/, int error) {
    refused = error == ENOENT || error == ESTALE ? refused : error;
  };
  for (size_t answers = 0; answers < count;) {
    const Result<size_t> messages = Receive(socket_.get(), on_message, on_error);
    if (!messages) {
      return Fail(messages.error());
    }
    answers += *messages;
  }
  if (refused != 0) {
    return Fail(SystemError("cannot ask the kernel for socket states", refused));
  }
  return {};
}

// A lookup can miss a socket in the moment in which a mini-socket replaces it (Linux before 6.18),
// and a listener can hide behind another member of its group: what was not found is asked for once
// more.
Status SockDiag::Reget(const Endpoint& endpoint, std::optional<inet_diag_msg>* found) {
  if (!endpoint.remote) {
    return FindListener(endpoint, found);
  }
  Found again;
  return Get(&endpoint, 1, &again).map([&] { *found = again.front(); });
}

Status SockDiag::FindListener(const Endpoint& endpoint, std::optional<inet_diag_msg>* found) {
  std::array<char, 256> buffer{};
  nlmsghdr* header = mnl_nlmsg_put_header(buffer.data());
  header->nlmsg_type = SOCK_DIAG_BY_FAMILY;
  header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  inet_diag_req_v2 request = ToRequest(endpoint);
  request.idiag_states = 1U << TCP_LISTEN;
  AppendRequest(request, header);
  if (mnl_socket_sendto(socket_.get(), header, header->nlmsg_len) < 0) {
    return FailErrno("cannot ask the kernel for listeners");
  }
  bool done = false;
  int refused = 0;
  const auto on_message = [&](const nlmsghdr& /*header*/, const inet_diag_msg& message) {
    if (IsAskedFor(message, endpoint)) {
      *found = message;
    }
  };
  const auto on_error = [&](const nlmsghdr& /*header*/, int error) {
    done = true;
    refused = error;
  };
  while (!done) {
    const Result<size_t> messages = Receive(socket_.get(), on_message, on_error);
    if (!messages) {
      return Fail(messages.error());
    }
  }
  if (refused != 0) {
    return Fail(SystemError("cannot ask the kernel for listeners", refused));
  }
  return {};
}

Result<std::vector<StateSample>> SockDiag::Sample(const std::vector<Endpoint>& endpoints) {
  std::vector<StateSample> samples;
  samples.reserve(endpoints.size());
  Found found;
  for (size_t start = 0; start < endpoints.size(); start += kBatch) {
    const size_t count = std::min(kBatch, endpoints.size() - start);
    if (const Status status = Get(&endpoints[start], count, &found); !status) {
      return Fail(status.error());
    }
    for (size_t i = 0; i < count; ++i) {
      if (!found[i]) {
        if (const Status status = Reget(endpoints[start + i], &found[i]); !status) {
          return Fail(status.error());
        }
      }
      samples.push_back(ToSample(endpoints[start + i], found[i]));
    }
  }
  return samples;
}

Status SockDiag::Destroy(const Endpoint& endpoint) {
  Found found;
  if (const Status status = Get(&endpoint, 1, &found); !status) {
    return Fail(status.error());
  }
  const std::string what = "cannot destroy the socket of endpoint " + endpoint.name;
  if (!found.front()) {
    if (const Status status = Reget(endpoint, &found.front()); !status) {
      return Fail(status.error());
    }
  }
  if (!found.front()) {
    return Fail(SystemError(what, ENOENT));
  }
  std::array<char, 256> buffer{};
  nlmsghdr* header = mnl_nlmsg_put_header(buffer.data());
  header->nlmsg_type = SOCK_DESTROY;
  header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  header->nlmsg_seq = kDestroySequence;
  inet_diag_req_v2 request = ToRequest(endpoint);
  request.id = found.front()->id;  // with the cookie of this very socket
  AppendRequest(request, header);
  if (mnl_socket_sendto(socket_.get(), header, header->nlmsg_len) < 0) {
    return FailErrno(what);
  }
  int refused = 0;
  const Result<size_t> answer = Receive(
      socket_.get(),
      [](const nlmsghdr& /*header*/, const inet_diag_msg& /*message*/) {},
      [&](const nlmsghdr& /*header*/, int error) { refused = error; });
  if (!answer) {
    return Fail(answer.error());
  }
  return refused == 0 ? Status{} : Fail(SystemError(what, refused));
}

}  // namespace lastack

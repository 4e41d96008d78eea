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
#include "observe/diag_message.h"
#include "tcp/state.h"

namespace lastack {
namespace {

// Requests in one write. A get costs about 3 µs (Linux 6.18); a dump is not cheaper for thousands
// of sockets, and not as exact. The answers wait in the socket's receive buffer (208 KiB by
// default, about 1 KiB each).
constexpr size_t kBatch = 32;
constexpr unsigned kDestroySequence = 1000;

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
    const Result<size_t> messages = ReceiveDiag(socket_.get(), on_message, on_error);
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
    const Result<size_t> messages = ReceiveDiag(socket_.get(), on_message, on_error);
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
  const Result<size_t> answer = ReceiveDiag(
      socket_.get(),
      [](const nlmsghdr& /*header*/, const inet_diag_msg& /*message*/) {},
      [&](const nlmsghdr& /*header*/, int error) { refused = error; });
  if (!answer) {
    return Fail(answer.error());
  }
  return refused == 0 ? Status{} : Fail(SystemError(what, refused));
}

}  // namespace lastack

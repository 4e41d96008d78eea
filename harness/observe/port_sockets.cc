#include "observe/port_sockets.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <array>
#include <cerrno>
#include <chrono>

#include <libmnl/libmnl.h>

#include "observe/diag_message.h"

namespace lastack {
namespace {

constexpr uint32_t kAllStates = ~0U;

SocketAddress AddressOf(const inet_diag_msg& message, const __be32* words, __be16 port) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(message.idiag_family, words, text.data(), text.size());
  return {text.data(), ntohs(port)};
}

PortSocket ToPortSocket(const inet_diag_msg& message) {
  PortSocket socket;
  socket.v6 = message.idiag_family == AF_INET6;
  const inet_diag_sockid& id = message.id;
  socket.local = AddressOf(message, &id.idiag_src[0], id.idiag_sport);
  socket.remote = AddressOf(message, &id.idiag_dst[0], id.idiag_dport);
  socket.state = StateFromLinux(message.idiag_state).value_or(State::kClosed);
  socket.kind = KindOf(message);
  socket.cookie = CookieOf(message);
  socket.inode = message.idiag_inode;
  if (socket.state == State::kListen) {
    socket.queue = message.idiag_rqueue;
    socket.backlog = message.idiag_wqueue;
  }
  socket.timer = TimerName(message.idiag_timer);
  if (!socket.timer.empty()) {
    socket.expires = std::chrono::milliseconds(message.idiag_expires);
  }
  return socket;
}

bool IsV6(const SocketAddress& address) {
  return address.address.find(':') != std::string::npos;
}

inet_diag_req_v2 RequestFor(int family, uint32_t states) {
  inet_diag_req_v2 request{};
  request.sdiag_family = static_cast<uint8_t>(family);
  request.sdiag_protocol = IPPROTO_TCP;
  request.idiag_states = states;
  request.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
  request.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  return request;
}

}  // namespace

void PortSockets::Closer::operator()(mnl_socket* socket) const {
  mnl_socket_close(socket);
}

Result<PortSockets> PortSockets::Open() {
  PortSockets sockets(mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC));
  if (sockets.socket_ == nullptr ||
      mnl_socket_bind(sockets.socket_.get(), 0, MNL_SOCKET_AUTOPID) != 0) {
    return FailErrno("cannot open a sock_diag socket");
  }
  return sockets;
}

Status PortSockets::Dump(const inet_diag_req_v2& request, std::vector<PortSocket>* found) {
  alignas(nlmsghdr) std::array<char, 256> buffer{};
  nlmsghdr* header = mnl_nlmsg_put_header(buffer.data());
  header->nlmsg_type = SOCK_DIAG_BY_FAMILY;
  header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  AppendRequest(request, header);
  if (mnl_socket_sendto(socket_.get(), header, header->nlmsg_len) < 0) {
    return FailErrno("cannot ask the kernel for the sockets of a port");
  }
  bool done = false;
  int refused = 0;
  while (!done) {
    const Result<size_t> messages = ReceiveDiag(
        socket_.get(),
        [&](const nlmsghdr& /*header*/, const inet_diag_msg& message) {
          found->push_back(ToPortSocket(message));
        },
        [&](const nlmsghdr& /*header*/, int error) {
          done = true;
          refused = error;
        });
    if (!messages) {
      return Fail(messages.error());
    }
  }
  return refused == 0
             ? Status{}
             : Fail(SystemError("cannot ask the kernel for the sockets of a port", refused));
}

Result<std::vector<PortSocket>> PortSockets::DumpBoth(uint16_t port, uint32_t states) {
  std::vector<PortSocket> found;
  for (const int family : {AF_INET, AF_INET6}) {
    inet_diag_req_v2 request = RequestFor(family, states);
    request.id.idiag_sport = htons(port);
    if (const Status status = Dump(request, &found); !status) {
      return Fail(status.error());
    }
  }
  return found;
}

Result<std::vector<PortSocket>> PortSockets::On(uint16_t port) {
  return DumpBoth(port, kAllStates);
}

Result<std::vector<PortSocket>> PortSockets::Listeners() {
  return DumpBoth(0, 1U << TCP_LISTEN);
}

Result<std::optional<PortSocket>> PortSockets::Get(const SocketAddress& local,
                                                   const SocketAddress& remote) {
  const int family = IsV6(local) ? AF_INET6 : AF_INET;
  inet_diag_req_v2 request = RequestFor(family, kAllStates);
  PutAddress(local, family, &request.id.idiag_src[0], &request.id.idiag_sport);
  PutAddress(remote, family, &request.id.idiag_dst[0], &request.id.idiag_dport);
  alignas(nlmsghdr) std::array<char, 256> buffer{};
  nlmsghdr* header = mnl_nlmsg_put_header(buffer.data());
  header->nlmsg_type = SOCK_DIAG_BY_FAMILY;
  header->nlmsg_flags = NLM_F_REQUEST;
  AppendRequest(request, header);
  if (mnl_socket_sendto(socket_.get(), header, header->nlmsg_len) < 0) {
    return FailErrno("cannot ask the kernel for a socket");
  }
  std::optional<PortSocket> found;
  int refused = 0;
  const Result<size_t> messages = ReceiveDiag(
      socket_.get(),
      [&](const nlmsghdr& /*header*/, const inet_diag_msg& message) {
        found = ToPortSocket(message);
      },
      [&](const nlmsghdr& /*header*/, int error) { refused = error; });
  if (!messages) {
    return Fail(messages.error());
  }
  if (refused != 0 && refused != ENOENT && refused != ESTALE) {
    return Fail(SystemError("cannot ask the kernel for a socket", refused));
  }
  return found;
}

// The exact get answers with the listener where there is no such connection, and no connection
// comes from port 0.
Result<std::optional<PortSocket>> PortSockets::ListenerFor(const SocketAddress& address) {
  return Get(address, {IsV6(address) ? "::" : "0.0.0.0", 0})
      .map([](const std::optional<PortSocket>& found) {
        return found && found->state == State::kListen ? found : std::nullopt;
      });
}

Result<std::optional<PortSocket>> PortSockets::Connection(const SocketAddress& local,
                                                          const SocketAddress& remote) {
  return Get(local, remote).map([&](const std::optional<PortSocket>& found) {
    return found && Unmapped(found->remote) == remote ? found : std::nullopt;
  });
}

}  // namespace lastack

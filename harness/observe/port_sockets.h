// Which TCP sockets there are on a port, whoever's they are: listeners, connections, mini-sockets.
//
// Units: `expires` has the kernel's resolution, 1 ms of a tick of 4 ms. Errors: kSystem for what
// netlink refuses. Threads: an object belongs to one thread, and to the network namespace in which
// it was opened. Sources: sock_diag(7), net/ipv4/inet_diag.c.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/socket_address.h"
#include "base/time.h"
#include "record/event.h"
#include "tcp/state.h"

struct mnl_socket;
struct inet_diag_req_v2;

namespace lastack {

struct PortSocket {
  bool v6 = false;  // an AF_INET6 socket, which may carry IPv4
  SocketAddress local;
  SocketAddress remote;  // of a listener: the wildcard, port 0
  State state = State::kClosed;
  SampleKind kind = SampleKind::kSocket;
  uint64_t cookie = 0;
  // Of the socket's file. 0: it has none, because nobody has accepted it yet, or because its
  // descriptors are closed.
  uint32_t inode = 0;
  uint32_t queue = 0;    // of a listener: connections that nobody has accepted yet
  uint32_t backlog = 0;  // of a listener: one more than this many fit into the queue
  std::string timer;     // empty: none
  Duration expires{};    // of the timer, from now
};

class PortSockets {
 public:
  [[nodiscard]] static Result<PortSockets> Open();

  // All sockets whose local port is this one, in any state; of both families.
  [[nodiscard]] Result<std::vector<PortSocket>> On(uint16_t port);
  // All listeners, on any port.
  [[nodiscard]] Result<std::vector<PortSocket>> Listeners();

  // The listener that a connection to this address would reach, wildcard ones included: one look,
  // some microseconds.
  [[nodiscard]] Result<std::optional<PortSocket>> ListenerFor(const SocketAddress& address);

  // The socket of one connection; nothing if there is none.
  [[nodiscard]] Result<std::optional<PortSocket>> Connection(const SocketAddress& local,
                                                             const SocketAddress& remote);

 private:
  struct Closer {
    void operator()(mnl_socket* socket) const;
  };
  explicit PortSockets(mnl_socket* socket) : socket_(socket) {}
  [[nodiscard]] Status Dump(const inet_diag_req_v2& request, std::vector<PortSocket>* found);
  [[nodiscard]] Result<std::vector<PortSocket>> DumpBoth(uint16_t port, uint32_t states);
  [[nodiscard]] Result<std::optional<PortSocket>> Get(const SocketAddress& local,
                                                      const SocketAddress& remote);

  std::unique_ptr<mnl_socket, Closer> socket_;
};

}  // namespace lastack

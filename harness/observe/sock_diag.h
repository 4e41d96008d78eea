// The kernel witness that needs no privilege: states of TCP sockets through NETLINK_SOCK_DIAG.
//
// Units: `expires` of a sample has the kernel's resolution, 1 ms of a tick of 4 ms.
// Errors: kSystem for what netlink refuses; Destroy: kPermission without CAP_NET_ADMIN,
// kUnsupported without CONFIG_INET_DIAG_DESTROY. Threads: an object belongs to one thread, and to
// the network namespace in which it was opened. Sources: sock_diag(7), net/ipv4/inet_diag.c,
// tcp_diag.c. What the exact get does on Linux 6.18 (sock_diag_test.cc):
// - It finds full sockets, request sockets (which print as SYN_RECV) and the mini-sockets of
//   TIME-WAIT and of orphaned FIN-WAIT-2, for IPv4, IPv6 and mapped addresses: no dump is needed.
// - An IPv4 connection of an AF_INET6 socket is found under AF_INET6 with ::ffff addresses, its
//   mini-sockets too.
// - Where there is no such connection it answers with the listener of the port, if there is one:
//   compare the tuple.
// - The cookie lasts: a request socket passes its cookie on to the accepted one, a socket to its
//   mini-socket.
// - It asks a SO_REUSEPORT group for one member by hash, and for an IPv4 listener may answer with a
//   dual-stack one.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "record/event.h"
#include "tcp/endpoint.h"

struct mnl_socket;
struct inet_diag_msg;

namespace lastack {

class SockDiag {
 public:
  [[nodiscard]] static Result<SockDiag> Open();

  // One sample per endpoint, in order. An endpoint with `remote` is that connection; where its
  // cookie is known, one with another cookie is another incarnation, and the sample says CLOSED. An
  // endpoint without `remote` is looked for among the listeners.
  [[nodiscard]] Result<std::vector<StateSample>> Sample(const std::vector<Endpoint>& endpoints);

  // SOCK_DESTROY of exactly this socket, a mini-socket included. ENOENT (kSystem) if it does not
  // exist.
  [[nodiscard]] Status Destroy(const Endpoint& endpoint);

 private:
  struct Closer {
    void operator()(mnl_socket* socket) const;
  };
  using Found = std::vector<std::optional<inet_diag_msg>>;

  explicit SockDiag(mnl_socket* socket) : socket_(socket) {}
  // The exact gets for `endpoints`, at most a batch of them, in one system call each way.
  [[nodiscard]] Status Get(const Endpoint* endpoints, size_t count, Found* found);
  [[nodiscard]] Status Reget(const Endpoint& endpoint, std::optional<inet_diag_msg>* found);
  [[nodiscard]] Status FindListener(const Endpoint& endpoint, std::optional<inet_diag_msg>* found);

  std::unique_ptr<mnl_socket, Closer> socket_;
};

}  // namespace lastack

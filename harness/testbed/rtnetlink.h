// Configuring a network namespace through rtnetlink: one batch of messages, one system call.
//
// A socket belongs to the namespace its thread was in when it was opened, and can be used from
// anywhere afterwards. Errors: what the kernel answers, as SystemError says, with the message that
// it was about and the kernel's own explanation where it gives one. Sources: netlink(7),
// rtnetlink(7), veth(4). Threads: one at a time.
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "testbed/netlink_batch.h"

namespace lastack {

class NetlinkSocket {
 public:
  // `protocol`: NETLINK_ROUTE, NETLINK_SOCK_DIAG. Opened in the calling thread's namespace.
  [[nodiscard]] static Result<NetlinkSocket> Open(int protocol);

  // Sends the batch in one piece and waits until all of it is done (the kernel does it within the
  // call).
  [[nodiscard]] Status Send(const NetlinkBatch& batch);
  // Sends one message and passes every message of the answer to `take`, if that is given. Returns 0
  // or the errno of the answer, or of send and recv.
  [[nodiscard]] int Exchange(const std::vector<uint8_t>& message,
                             const std::function<void(const nlmsghdr*)>& take);
  // Whether the interface is up and its queues run (IF_OPER_UP): only then are frames not lost.
  [[nodiscard]] Result<bool> CarriesFrames(int link);
  // Whether frames to this address are taken as the namespace's own. The kernel adds the local
  // route of an IPv6 address a moment later than the address, which can be bound at once
  // (addrconf_dad_work); until then it drops what arrives.
  [[nodiscard]] Result<bool> IsLocal(const std::string& address);
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  explicit NetlinkSocket(Fd fd) : fd_(std::move(fd)) {}

  Fd fd_;
};

// Lets the stack of this interface compute checksums and cut segments itself, so that a capture
// shows on both sides what a wire would carry. `socket` is any socket of the namespace. eth0 only:
// lo cannot be told so.
[[nodiscard]] Status DisableChecksumOffload(int socket, const std::string& interface);

}  // namespace lastack

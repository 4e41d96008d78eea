// The messages of NETLINK_SOCK_DIAG: how a request is put together and an answer taken apart.
//
// Sources: sock_diag(7), net/ipv4/inet_diag.c. Private to observe/.
#pragma once

#include <linux/inet_diag.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "base/socket_address.h"
#include "record/event.h"

struct mnl_socket;
struct nlmsghdr;

namespace lastack {

// Writes an address and its port (in network byte order) as a request has them; leaves the wildcard
// address if it is not one of that domain.
void PutAddress(const SocketAddress& address, int domain, __be32* words, __be16* port);

void AppendRequest(const inet_diag_req_v2& body, nlmsghdr* header);

[[nodiscard]] uint64_t CookieOf(const inet_diag_msg& message);
// A mini-socket: TIME-WAIT, or an orphaned FIN-WAIT-2.
[[nodiscard]] bool IsMini(const inet_diag_msg& message);
[[nodiscard]] SampleKind KindOf(const inet_diag_msg& message);
// Of Linux's idiag_timer, as protocols and evidence name it; empty: none.
[[nodiscard]] std::string TimerName(uint8_t timer);

// What to do with each message of an answer.
using OnMessage = std::function<void(const nlmsghdr&, const inet_diag_msg&)>;
using OnError = std::function<void(const nlmsghdr&, int)>;

// Reads one buffer of messages; netlink has answered before the write returned, so an empty queue
// is an error. Returns how many messages there were, the end of a dump included (on_error with 0).
[[nodiscard]] Result<size_t> ReceiveDiag(mnl_socket* socket,
                                         const OnMessage& on_message,
                                         const OnError& on_error);

}  // namespace lastack

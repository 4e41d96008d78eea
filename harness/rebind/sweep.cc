#include "rebind/sweep.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include <libmnl/libmnl.h>

#include "testbed/rtnetlink.h"

namespace lastack {
namespace {

std::vector<uint8_t> Message(uint16_t type, uint16_t flags, const inet_diag_req_v2& body) {
  std::vector<uint8_t> message(NLMSG_LENGTH(sizeof(body)));
  nlmsghdr header{};
  header.nlmsg_len = static_cast<uint32_t>(message.size());
  header.nlmsg_type = type;
  header.nlmsg_flags = flags;
  std::memcpy(message.data(), &header, sizeof(header));
  std::memcpy(message.data() + NLMSG_HDRLEN, &body, sizeof(body));
  return message;
}

inet_diag_req_v2 Request(int domain) {
  inet_diag_req_v2 request{};
  request.sdiag_family = static_cast<uint8_t>(domain);
  request.sdiag_protocol = IPPROTO_TCP;
  request.idiag_states = ~(1U << static_cast<unsigned>(TCP_LISTEN));
  return request;
}

}  // namespace

Result<int64_t> DestroyLeftOn(uint16_t port, int domain) {
  Result<NetlinkSocket> netlink = NetlinkSocket::Open(NETLINK_SOCK_DIAG);
  if (!netlink) {
    return Fail(netlink.error());
  }
  std::vector<inet_diag_sockid> found;
  const int dumped =
      netlink->Exchange(Message(SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, Request(domain)),
                        [&](const nlmsghdr* header) {
                          inet_diag_msg body{};
                          if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
                              header->nlmsg_len < NLMSG_LENGTH(sizeof(body))) {
                            return;
                          }
                          std::memcpy(&body, mnl_nlmsg_get_payload(header), sizeof(body));
                          if (body.id.idiag_sport == htons(port)) {
                            found.push_back(body.id);
                          }
                        });
  if (dumped != 0) {
    return Fail(SystemError("cannot list the sockets of a host", dumped));
  }
  int64_t destroyed = 0;
  for (const inet_diag_sockid& id : found) {
    inet_diag_req_v2 request = Request(domain);
    request.id = id;
    const int error =
        netlink->Exchange(Message(SOCK_DESTROY, NLM_F_REQUEST | NLM_F_ACK, request), nullptr);
    if (error != 0 && error != ENOENT) {  // it may have ended by itself
      return Fail(SystemError("cannot destroy a socket", error));
    }
    destroyed += error == 0 ? 1 : 0;
  }
  return destroyed;
}

}  // namespace lastack

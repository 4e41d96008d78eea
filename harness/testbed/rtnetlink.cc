// Exchanging netlink messages with the kernel.
#include "testbed/rtnetlink.h"

#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <libmnl/libmnl.h>

#include "testbed/netlink_message.h"

namespace lastack {
namespace {

struct Wanted {
  uint16_t type = 0;
  const nlattr* found = nullptr;
};

// The first attribute of this type behind a header of `offset` bytes; null if there is none.
const nlattr* FindAttribute(const nlmsghdr* message, unsigned int offset, uint16_t type) {
  Wanted wanted{.type = type};
  const auto check = [](const nlattr* attribute, void* data) {
    auto* const sought = static_cast<Wanted*>(data);
    if (mnl_attr_get_type(attribute) != sought->type) {
      return MNL_CB_OK;
    }
    sought->found = attribute;
    return MNL_CB_STOP;
  };
  mnl_attr_parse(message, offset, check, &wanted);
  return wanted.found;
}

// The text the kernel adds to an error when NETLINK_EXT_ACK is on; may be empty. With
// NETLINK_CAP_ACK the request is not repeated behind nlmsgerr.
std::string ExtendedText(const nlmsghdr* message) {
  if ((message->nlmsg_flags & NLM_F_ACK_TLVS) == 0) {
    return {};
  }
  const nlattr* text = FindAttribute(message, sizeof(nlmsgerr), NLMSGERR_ATTR_MSG);
  return text == nullptr ? std::string{} : mnl_attr_get_str(text);
}

// The errno in an NLMSG_ERROR; 0 for an acknowledgement.
int ErrnoOf(const nlmsghdr* message) {
  return -static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message))->error;
}

using Buffer = std::array<uint8_t, 16384>;

// Receives one datagram and calls `take` for each message until it returns false. Returns an errno
// or 0, and whether the end was reached in `done`.
int Receive(int fd, const std::function<bool(const nlmsghdr*)>& take, bool* done) {
  alignas(nlmsghdr) Buffer buffer{};
  const ssize_t received = recv(fd, buffer.data(), buffer.size(), 0);
  if (received < 0) {
    return errno;
  }
  int left = static_cast<int>(received);
  const void* const start = buffer.data();
  for (const auto* message = static_cast<const nlmsghdr*>(start); mnl_nlmsg_ok(message, left);
       message = mnl_nlmsg_next(message, &left)) {
    if (!take(message)) {
      *done = true;
      return 0;
    }
  }
  return 0;
}

// One message asking for something; `fill` completes it behind its netlink header.
std::vector<uint8_t> Request(uint16_t type, const std::function<void(nlmsghdr*)>& fill) {
  std::vector<uint8_t> bytes(kLargestMessage);
  nlmsghdr* message = mnl_nlmsg_put_header(bytes.data());
  message->nlmsg_type = type;
  message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  fill(message);
  bytes.resize(message->nlmsg_len);
  return bytes;
}

bool SaysUp(const nlmsghdr* message) {
  const nlattr* state = FindAttribute(message, sizeof(ifinfomsg), IFLA_OPERSTATE);
  return state != nullptr && mnl_attr_get_u8(state) == IF_OPER_UP;
}

}  // namespace

Result<NetlinkSocket> NetlinkSocket::Open(int protocol) {
  Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
  if (!fd.valid()) {
    return FailErrno("cannot open a netlink socket");
  }
  const int on = 1;  // both only make errors easier to read, so a refusal does no harm
  setsockopt(fd.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  setsockopt(fd.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  return NetlinkSocket(std::move(fd));
}

Status NetlinkSocket::Send(const NetlinkBatch& batch) {
  if (batch.messages().empty()) {
    return {};
  }
  if (send(fd_.get(), batch.bytes().data(), batch.bytes().size(), 0) < 0) {
    return FailErrno("cannot send to netlink");
  }
  Status first{};
  bool done = false;
  while (!done) {
    const auto take = [&](const nlmsghdr* message) {
      const size_t number = message->nlmsg_seq;
      if (message->nlmsg_type != NLMSG_ERROR || number == 0 || number > batch.messages().size()) {
        return true;
      }
      const int error = ErrnoOf(message);
      if (error != 0 && first) {
        first = Fail(SystemError("cannot " + batch.messages()[number - 1], error));
        first.error().hint = ExtendedText(message);
      }
      return number < batch.messages().size();
    };
    if (const int error = Receive(fd_.get(), take, &done); error != 0) {
      return Fail(SystemError("cannot receive from netlink", error));
    }
  }
  return first;
}

int NetlinkSocket::Exchange(const std::vector<uint8_t>& message,
                            const std::function<void(const nlmsghdr*)>& take) {
  if (send(fd_.get(), message.data(), message.size(), 0) < 0) {
    return errno;
  }
  int answer = 0;
  bool done = false;
  while (!done) {
    const auto take_one = [&](const nlmsghdr* reply) {
      if (reply->nlmsg_type == NLMSG_ERROR) {
        answer = ErrnoOf(reply);
        return false;
      }
      if (reply->nlmsg_type == NLMSG_DONE) {
        return false;
      }
      if (take) {
        take(reply);
      }
      return true;
    };
    if (const int error = Receive(fd_.get(), take_one, &done); error != 0) {
      return error;
    }
  }
  return answer;
}

Result<bool> NetlinkSocket::CarriesFrames(int link) {
  bool up = false;
  const auto request = Request(
      RTM_GETLINK, [link](nlmsghdr* message) { PutHeader<ifinfomsg>(message)->ifi_index = link; });
  const int error = Exchange(request, [&up](const nlmsghdr* message) { up = SaysUp(message); });
  if (error != 0) {
    return Fail(SystemError("cannot ask for the state of a link", error));
  }
  return up;
}

Result<bool> NetlinkSocket::IsLocal(const std::string& address) {
  bool local = false;
  const auto request = Request(RTM_GETROUTE, [&address](nlmsghdr* message) {
    auto* header = PutHeader<rtmsg>(message);
    header->rtm_family = FamilyOf(address);
    header->rtm_dst_len = IsV6(address) ? 128 : 32;
    PutAddress(message, RTA_DST, address);
  });
  const int error = Exchange(request, [&local](const nlmsghdr* message) {
    local = static_cast<const rtmsg*>(mnl_nlmsg_get_payload(message))->rtm_type == RTN_LOCAL;
  });
  if (error != 0) {
    return Fail(SystemError("cannot ask for the route to " + address, error));
  }
  return local;
}

Status DisableChecksumOffload(int socket, const std::string& interface) {
  // Without checksum offload the kernel drops scatter-gather and with that TSO and GSO, too
  // (netdev_fix_features).
  ethtool_value value{.cmd = ETHTOOL_STXCSUM, .data = 0};
  ifreq request{};
  std::copy_n(
      interface.begin(), std::min<size_t>(interface.size(), IFNAMSIZ - 1), request.ifr_name);
  void* const data = &value;
  request.ifr_data = static_cast<char*>(data);
  if (ioctl(socket, SIOCETHTOOL, &request) != 0) {
    return FailErrno(fmt::format("cannot turn off the checksum offload of {}", interface));
  }
  return {};
}

}  // namespace lastack

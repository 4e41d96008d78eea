// For tests and benchmarks of the relay: two hosts in network namespaces, joined by a veth pair, or
// each by one with a third namespace for the relay.
//
// By hand, because the relay's folder depends on no testbed. Sources: rtnetlink(7), veth(4),
// netdevice(7). Everything ends with the descriptors. Threads: one.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "base/time.h"

namespace lastack {

inline Fd ThisNetwork() {
  return Fd(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
}

// Makes a network namespace; the thread is back where it was afterwards. An ordinary user's process
// enters a user namespace at the first call.
inline Result<Fd> MakeNetwork() {
  Fd home = ThisNetwork();
  if (unshare(CLONE_NEWNET) != 0) {
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
      return FailErrno("cannot make a network namespace");
    }
    home = ThisNetwork();  // the only way back that the new user namespace allows
    if (unshare(CLONE_NEWNET) != 0) {
      return FailErrno("cannot make a second network namespace");
    }
  }
  Fd made = ThisNetwork();
  if (!made.valid() || setns(home.get(), CLONE_NEWNET) != 0) {
    return FailErrno("cannot come back from a network namespace");
  }
  return made;
}

// Calls the function inside the namespace.
template <typename Function>
auto Inside(const Fd& network, Function&& function) {
  const Fd home = ThisNetwork();
  if (setns(network.get(), CLONE_NEWNET) != 0) {
    abort();  // these are tests: nothing may happen in another network than the one meant
  }
  auto result = std::forward<Function>(function)();
  if (setns(home.get(), CLONE_NEWNET) != 0) {
    abort();
  }
  return result;
}

// One rtnetlink message.
class LinkMessage {
 public:
  template <typename Header>
  LinkMessage(uint16_t type, uint16_t flags, const Header& header) {
    const nlmsghdr start{.nlmsg_len = 0,
                         .nlmsg_type = type,
                         .nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags)};
    Append(&start, sizeof(start));
    Append(&header, sizeof(header));
  }
  void Add(uint16_t type, const void* data, size_t size) {
    const rtattr attribute{static_cast<uint16_t>(sizeof(rtattr) + size), type};
    Append(&attribute, sizeof(attribute));
    Append(data, size);
  }
  void Add(uint16_t type, std::string_view text) { Add(type, text.data(), text.size()); }
  void Add(uint16_t type, uint32_t value) { Add(type, &value, sizeof(value)); }
  template <typename Header>
  void AddPlain(const Header& header) {
    Append(&header, sizeof(header));
  }
  [[nodiscard]] size_t Begin(uint16_t type) {
    const size_t at = bytes_.size();
    Add(type, nullptr, 0);
    return at;
  }
  void End(size_t at) {
    const auto size = static_cast<uint16_t>(bytes_.size() - at);
    std::memcpy(bytes_.data() + at, &size, sizeof(size));
  }

  // Carries it out in the thread's namespace; 0 or an errno.
  [[nodiscard]] int Send() {
    const auto size = static_cast<uint32_t>(bytes_.size());
    std::memcpy(bytes_.data(), &size, sizeof(size));
    const Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    struct {
      nlmsghdr header;
      nlmsgerr error;
      std::array<uint8_t, 4096> rest;
    } answer{};
    if (send(fd.get(), bytes_.data(), bytes_.size(), 0) < 0 ||
        recv(fd.get(), &answer, sizeof(answer), 0) < 0) {
      return errno;
    }
    return -answer.error.error;
  }

 private:
  void Append(const void* data, size_t size) {
    const size_t at = bytes_.size();
    bytes_.resize(at + (size + 3) / 4 * 4);
    if (size > 0) {
      std::memcpy(bytes_.data() + at, data, size);
    }
  }
  std::vector<uint8_t> bytes_;
};

// A veth pair: `here` in the thread's namespace, eth0 in the other.
inline int MakeVeth(const std::string& here, const Fd& there) {
  LinkMessage message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, ifinfomsg{});
  message.Add(IFLA_IFNAME, here);
  message.Add(IFLA_GSO_MAX_SEGS, uint32_t{1});
  const size_t info = message.Begin(IFLA_LINKINFO);
  message.Add(IFLA_INFO_KIND, "veth");
  const size_t data = message.Begin(IFLA_INFO_DATA);
  const size_t peer = message.Begin(VETH_INFO_PEER);
  message.AddPlain(ifinfomsg{});
  message.Add(IFLA_IFNAME, "eth0");
  message.Add(IFLA_GSO_MAX_SEGS, uint32_t{1});
  message.Add(IFLA_NET_NS_FD, static_cast<uint32_t>(there.get()));
  message.End(peer);
  message.End(data);
  message.End(info);
  return message.Send();
}

// Up, with checksums that the stack has computed; 0 or an errno.
inline int SetUpInterface(const std::string& name) {
  const Fd any_socket(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  name.copy(request.ifr_name, sizeof(request.ifr_name) - 1);
  ethtool_value off{.cmd = ETHTOOL_STXCSUM, .data = 0};
  request.ifr_data = static_cast<char*>(static_cast<void*>(&off));
  if (ioctl(any_socket.get(), SIOCETHTOOL, &request) != 0) {  // NOLINT(*-vararg)
    return errno;
  }
  request.ifr_flags = IFF_UP;
  return ioctl(any_socket.get(), SIOCSIFFLAGS, &request) == 0 ? 0 : errno;  // NOLINT(*-vararg)
}

inline int AddAddress(int family, const std::string& address, uint8_t prefix_length) {
  const ifaddrmsg header{.ifa_family = static_cast<uint8_t>(family),
                         .ifa_prefixlen = prefix_length,
                         .ifa_index = if_nametoindex("eth0")};
  LinkMessage message(RTM_NEWADDR, NLM_F_CREATE, header);
  std::array<uint8_t, 16> binary{};
  inet_pton(family, address.c_str(), binary.data());
  const size_t size = family == AF_INET ? 4 : binary.size();
  message.Add(IFA_LOCAL, binary.data(), size);
  message.Add(IFA_ADDRESS, binary.data(), size);
  message.Add(IFA_FLAGS, uint32_t{IFA_F_NODAD});
  return message.Send();
}

// The interface carries frames; false after five seconds.
inline bool WaitUntilRunning(const std::string& name) {
  const Fd any_socket(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const Deadline deadline(std::chrono::seconds(5));
  while (!deadline.Expired()) {
    ifreq request{};
    name.copy(request.ifr_name, sizeof(request.ifr_name) - 1);
    ioctl(any_socket.get(), SIOCGIFFLAGS, &request);  // NOLINT(*-vararg)
    if ((request.ifr_flags & IFF_RUNNING) != 0) {
      return true;
    }
    poll(nullptr, 0, 1);
  }
  return false;
}

inline void WriteSysctl(const std::string& path, std::string_view value) {
  const Fd file(open(("/proc/sys/" + path).c_str(), O_WRONLY | O_CLOEXEC));
  static_cast<void>(!write(file.get(), value.data(), value.size()));
}

// 10.77.0.N and fd77::N; 0 or an errno.
inline int SetUpHost(const Fd& network, int number) {
  return Inside(network, [number] {
    const std::string last = std::to_string(number);
    int error = AddAddress(AF_INET, "10.77.0." + last, 24);
    error = error != 0 ? error : AddAddress(AF_INET6, "fd77::" + last, 64);
    return error != 0 ? error : SetUpInterface("eth0");
  });
}

struct VethNetwork {
  Fd client;  // 10.77.0.1, fd77::1
  Fd server;  // 10.77.0.2, fd77::2
  Fd relay;   // with wire0 to the client and wire1 to the server; none if they are joined directly
};

// Puts a host behind a new interface of the relay's namespace.
inline Status AttachHost(const Fd& relay,
                         const std::string& interface,
                         const Fd& host,
                         int number) {
  int error = Inside(relay, [&] { return MakeVeth(interface, host); });
  error = error != 0 ? error : SetUpHost(host, number);
  error = error != 0 ? error : Inside(relay, [&] { return SetUpInterface(interface); });
  const bool runs = error == 0 && Inside(relay, [&] { return WaitUntilRunning(interface); }) &&
                    Inside(host, [] { return WaitUntilRunning("eth0"); });
  return runs ? Status() : Fail(SystemError("cannot set up " + interface, error));
}

inline Result<VethNetwork> MakeVethNetwork(bool with_relay) {
  Result<Fd> client = MakeNetwork();
  Result<Fd> server = MakeNetwork();
  Result<Fd> relay = MakeNetwork();
  if (!client || !server || !relay) {
    return Fail(!client ? client.error() : (!server ? server.error() : relay.error()));
  }
  VethNetwork network{std::move(*client), std::move(*server), std::move(*relay)};
  Status done;
  if (with_relay) {
    Inside(network.relay, [] {
      WriteSysctl("net/ipv6/conf/default/disable_ipv6", "1");  // it says nothing of its own
      return 0;
    });
    done = AttachHost(network.relay, "wire0", network.client, 1);
    done = done ? AttachHost(network.relay, "wire1", network.server, 2) : done;
  } else {
    int error = Inside(network.client, [&] { return MakeVeth("eth0", network.server); });
    error = error != 0 ? error : SetUpHost(network.client, 1);
    error = error != 0 ? error : SetUpHost(network.server, 2);
    const auto runs_in = [](const Fd& host) {
      return Inside(host, [] { return WaitUntilRunning("eth0"); });
    };
    const bool runs = error == 0 && runs_in(network.client) && runs_in(network.server);
    done = runs ? Status() : Fail(SystemError("cannot set up eth0", error));
  }
  if (!done) {
    return Fail(done.error());
  }
  return network;
}

}  // namespace lastack

// The messages that configure a network namespace, as one batch.
//
// Sources: rtnetlink(7), veth(4). Pure.
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/mac_address.h"
#include "testbed/addresses.h"

namespace lastack {

inline constexpr int kLoopbackIndex = 1;  // LOOPBACK_IFINDEX: the same in every namespace
inline constexpr uint32_t kMtu = 1500;

// One end of a veth pair.
struct VethEnd {
  int index = 0;
  MacAddress mac{};
  std::string name = "eth0";
};

struct Route {
  std::string destination;  // numeric; its form decides the family
  int prefix_length = 0;
  int link = 0;  // interface index
  bool local =
      false;  // an own address, in table `local`; otherwise the subnet on the link, in `main`
  bool quickack = false;  // RTAX_QUICKACK: acknowledge at once on connections that use this route
  std::string source;     // preferred source; may be empty
};

// Messages for one namespace, carried out in order. The first error is reported, later messages are
// still tried.
class NetlinkBatch {
 public:
  // Without ARP and ND (neighbours are static, so nothing but the experiment is on the wire), one
  // segment per frame. The near end is up; the far end, in the namespace `there_network`, can be
  // set up afterwards only. The two indices must differ: the kernel takes a link with equal ones
  // for something else than a pair and delays its start by up to a second (link_watch.c).
  void CreateVeth(const VethEnd& here, const VethEnd& there, int there_network);
  void SetUpLink(int link);
  // lo: up, with the MTU and the segment limit of eth0.
  void SetUpLoopback();
  void AddAddress(int link, const std::string& address, int prefix_length);
  void DeleteAddress(int link, const std::string& address, int prefix_length);
  void SetRoute(const Route& route);  // adds it, or replaces the one to this destination
  void DeleteRoute(const Route& route);
  void AddNeighbour(int link, const std::string& address, const MacAddress& mac);

  [[nodiscard]] const std::vector<uint8_t>& bytes() const { return bytes_; }
  // What each message does, for error texts: "add address 10.77.0.1/24".
  [[nodiscard]] const std::vector<std::string>& messages() const { return messages_; }

 private:
  // Appends one message; `fill` completes it behind its netlink header.
  void Append(uint16_t type,
              int flags,
              std::string what,
              const std::function<void(nlmsghdr*)>& fill);
  void ChangeAddress(int type, int flags, int link, const std::string& address, int prefix_length);
  void ChangeRoute(int type, int flags, const Route& route);

  std::vector<uint8_t> bytes_;
  std::vector<std::string> messages_;
};

}  // namespace lastack

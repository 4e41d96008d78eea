// Building the messages with libmnl.
#include "testbed/netlink_batch.h"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

#include <utility>

#include <fmt/format.h>
#include <libmnl/libmnl.h>

#include "testbed/netlink_message.h"

namespace lastack {
namespace {

// What both ends of a veth pair have in common, also where one is nested in the other's message.
void FillVethEnd(nlmsghdr* message, const VethEnd& end, uint32_t flags) {
  auto* header = PutHeader<ifinfomsg>(message);
  header->ifi_index = end.index;
  header->ifi_flags = flags;
  header->ifi_change = flags;
  mnl_attr_put_strz(message, IFLA_IFNAME, end.name.c_str());
  mnl_attr_put(message, IFLA_ADDRESS, end.mac.size(), end.mac.data());
  mnl_attr_put_u32(message, IFLA_MTU, kMtu);
  mnl_attr_put_u32(message, IFLA_GSO_MAX_SEGS, 1);
}

}  // namespace

void NetlinkBatch::Append(uint16_t type,
                          int flags,
                          std::string what,
                          const std::function<void(nlmsghdr*)>& fill) {
  const size_t start = bytes_.size();
  bytes_.resize(start + kLargestMessage);
  nlmsghdr* message = mnl_nlmsg_put_header(&bytes_[start]);
  message->nlmsg_type = type;
  message->nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
  messages_.push_back(std::move(what));
  message->nlmsg_seq = static_cast<uint32_t>(messages_.size());
  fill(message);
  bytes_.resize(start + NLMSG_ALIGN(message->nlmsg_len));
}

void NetlinkBatch::CreateVeth(const VethEnd& here, const VethEnd& there, int there_network) {
  Append(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, "create the veth pair", [&](nlmsghdr* message) {
    FillVethEnd(message, here, IFF_NOARP | IFF_UP);
    nlattr* info = mnl_attr_nest_start(message, IFLA_LINKINFO);
    mnl_attr_put_strz(message, IFLA_INFO_KIND, "veth");
    nlattr* data = mnl_attr_nest_start(message, IFLA_INFO_DATA);
    nlattr* peer = mnl_attr_nest_start(message, VETH_INFO_PEER);
    FillVethEnd(message, there, IFF_NOARP);
    mnl_attr_put_u32(message, IFLA_NET_NS_FD, static_cast<uint32_t>(there_network));
    mnl_attr_nest_end(message, peer);
    mnl_attr_nest_end(message, data);
    mnl_attr_nest_end(message, info);
  });
}

void NetlinkBatch::SetUpLink(int link) {
  Append(RTM_NEWLINK, 0, "set up the link", [link](nlmsghdr* message) {
    auto* header = PutHeader<ifinfomsg>(message);
    header->ifi_index = link;
    header->ifi_flags = IFF_UP;
    header->ifi_change = IFF_UP;
  });
}

void NetlinkBatch::SetUpLoopback() {
  Append(RTM_NEWLINK, 0, "set up lo", [](nlmsghdr* message) {
    auto* header = PutHeader<ifinfomsg>(message);
    header->ifi_index = kLoopbackIndex;
    header->ifi_flags = IFF_UP;
    header->ifi_change = IFF_UP;
    mnl_attr_put_u32(message, IFLA_MTU, kMtu);
    mnl_attr_put_u32(message, IFLA_GSO_MAX_SEGS, 1);
  });
}

void NetlinkBatch::ChangeAddress(
    int type, int flags, int link, const std::string& address, int prefix_length) {
  const std::string what = fmt::format(
      "{} address {}/{}", type == RTM_NEWADDR ? "add" : "remove", address, prefix_length);
  Append(static_cast<uint16_t>(type), flags, what, [&](nlmsghdr* message) {
    auto* header = PutHeader<ifaddrmsg>(message);
    header->ifa_family = FamilyOf(address);
    header->ifa_prefixlen = static_cast<uint8_t>(prefix_length);
    header->ifa_index = static_cast<uint32_t>(link);
    PutAddress(message, IFA_LOCAL, address);
    // The route of the subnet is ours, because it carries a metric.
    mnl_attr_put_u32(message, IFA_FLAGS, IFA_F_NODAD | IFA_F_NOPREFIXROUTE);
  });
}

void NetlinkBatch::AddAddress(int link, const std::string& address, int prefix_length) {
  ChangeAddress(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, link, address, prefix_length);
}

void NetlinkBatch::DeleteAddress(int link, const std::string& address, int prefix_length) {
  ChangeAddress(RTM_DELADDR, 0, link, address, prefix_length);
}

void NetlinkBatch::ChangeRoute(int type, int flags, const Route& route) {
  const std::string what = fmt::format("{} route to {}/{}",
                                       type == RTM_NEWROUTE ? "set" : "remove",
                                       route.destination,
                                       route.prefix_length);
  Append(static_cast<uint16_t>(type), flags, what, [&](nlmsghdr* message) {
    auto* header = PutHeader<rtmsg>(message);
    header->rtm_family = FamilyOf(route.destination);
    header->rtm_dst_len = static_cast<uint8_t>(route.prefix_length);
    header->rtm_table = route.local ? RT_TABLE_LOCAL : RT_TABLE_MAIN;
    header->rtm_protocol =
        RTPROT_KERNEL;  // so that the kernel removes it together with the address
    header->rtm_scope = route.local ? RT_SCOPE_HOST : RT_SCOPE_LINK;
    header->rtm_type = route.local ? RTN_LOCAL : RTN_UNICAST;
    PutAddress(message, RTA_DST, route.destination);
    mnl_attr_put_u32(message, RTA_OIF, static_cast<uint32_t>(route.link));
    if (!route.source.empty()) {
      PutAddress(message, RTA_PREFSRC, route.source);
    }
    if (route.quickack) {
      nlattr* metrics = mnl_attr_nest_start(message, RTA_METRICS);
      mnl_attr_put_u32(message, RTAX_QUICKACK, 1);
      mnl_attr_nest_end(message, metrics);
    }
  });
}

void NetlinkBatch::SetRoute(const Route& route) {
  ChangeRoute(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, route);
}

void NetlinkBatch::DeleteRoute(const Route& route) {
  ChangeRoute(RTM_DELROUTE, 0, route);
}

void NetlinkBatch::AddNeighbour(int link, const std::string& address, const MacAddress& mac) {
  const std::string what = fmt::format("add neighbour {}", address);
  Append(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, what, [&](nlmsghdr* message) {
    auto* header = PutHeader<ndmsg>(message);
    header->ndm_family = FamilyOf(address);
    header->ndm_ifindex = link;
    header->ndm_state = NUD_PERMANENT;
    PutAddress(message, NDA_DST, address);
    mnl_attr_put(message, NDA_LLADDR, mac.size(), mac.data());
  });
}

}  // namespace lastack

// The netlink messages that configure a host, as text and as bytes.
#include "testbed/host_network.h"

#include <linux/rtnetlink.h>

#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lastack {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

std::vector<std::string> Messages(const HostNetwork& host) {
  NetlinkBatch batch;
  SetUpHost(host, &batch);
  return batch.messages();
}

// The headers of all messages in the batch.
std::vector<nlmsghdr> Headers(const NetlinkBatch& batch) {
  std::vector<nlmsghdr> headers;
  size_t offset = 0;
  while (offset < batch.bytes().size()) {
    nlmsghdr header{};
    std::memcpy(&header, &batch.bytes()[offset], sizeof header);
    headers.push_back(header);
    offset += NLMSG_ALIGN(header.nlmsg_len);
  }
  EXPECT_EQ(offset, batch.bytes().size());
  return headers;
}

TEST(SetUpHost, ConfiguresBothFamilies) {
  EXPECT_THAT(Messages({.host_index = 0, .v6 = true, .quickack = true}),
              ElementsAre("set up lo",
                          "set route to 127.0.0.1/32",
                          "remove route to ::1/128",
                          "set route to ::1/128",
                          "add address 10.77.0.11/32",
                          "set route to 10.77.0.11/32",
                          "add address fd77::11/64",
                          "add address 10.77.0.1/24",
                          "set route to 10.77.0.1/32",
                          "set route to 10.77.0.0/24",
                          "add address fd77::1/64",
                          "set route to fd77::/64",
                          "add neighbour 10.77.0.2",
                          "add neighbour 10.77.0.12",
                          "add neighbour fd77::2",
                          "add neighbour fd77::12"));
}

TEST(SetUpHost, LeavesLocalRoutesAloneWithDelayedAck) {
  EXPECT_THAT(Messages({.host_index = 1, .v6 = true, .quickack = false}),
              ElementsAre("set up lo",
                          "add address 10.77.0.12/32",
                          "add address fd77::12/64",
                          "add address 10.77.0.2/24",
                          "set route to 10.77.0.0/24",
                          "add address fd77::2/64",
                          "set route to fd77::/64",
                          "add neighbour 10.77.0.1",
                          "add neighbour 10.77.0.11",
                          "add neighbour fd77::1",
                          "add neighbour fd77::11"));
}

TEST(SetUpHost, DoesWithoutIpv6) {
  EXPECT_THAT(Messages({.host_index = 0, .v6 = false, .quickack = true}),
              Not(Contains(testing::HasSubstr("::"))));
}

TEST(NetlinkBatch, NumbersItsMessagesAndAsksForAnAnswerToEach) {
  NetlinkBatch batch;
  batch.CreateVeth({.index = 2, .mac = HostMac(0)}, {.index = 3, .mac = HostMac(1)}, 5);
  RemoveOwnAddresses({.host_index = 0, .v6 = true, .quickack = true}, &batch);
  const std::vector<nlmsghdr> headers = Headers(batch);
  ASSERT_EQ(headers.size(), 5);
  EXPECT_EQ(headers[0].nlmsg_type, RTM_NEWLINK);
  EXPECT_EQ(headers[1].nlmsg_type, RTM_DELADDR);
  EXPECT_EQ(headers[2].nlmsg_type, RTM_NEWROUTE);
  EXPECT_EQ(headers[3].nlmsg_type, RTM_DELADDR);
  EXPECT_EQ(headers[4].nlmsg_type, RTM_DELROUTE);
  for (size_t i = 0; i < headers.size(); ++i) {
    EXPECT_EQ(headers[i].nlmsg_seq, i + 1);
    EXPECT_EQ(headers[i].nlmsg_flags & (NLM_F_REQUEST | NLM_F_ACK), NLM_F_REQUEST | NLM_F_ACK);
  }
}

TEST(RemoveOwnAddresses, KeepsTheRouteOfTheSubnet) {
  NetlinkBatch batch;
  RemoveOwnAddresses({.host_index = 0, .v6 = true, .quickack = true}, &batch);
  EXPECT_THAT(batch.messages(),
              ElementsAre("remove address 10.77.0.1/24",
                          "set route to 10.77.0.0/24",
                          "remove address fd77::1/64",
                          "remove route to fd77::1/128"));
}

TEST(SetLocalRoute6, IsForQuickackOnly) {
  NetlinkBatch batch;
  SetLocalRoute6({.host_index = 0, .v6 = true, .quickack = false}, "fd77::1", &batch);
  EXPECT_TRUE(batch.messages().empty());
  SetLocalRoute6({.host_index = 0, .v6 = true, .quickack = true}, "fd77::1", &batch);
  EXPECT_THAT(batch.messages(),
              ElementsAre("remove route to fd77::1/128", "set route to fd77::1/128"));
}

TEST(LinkIndex, DiffersBetweenHosts) {
  EXPECT_NE(LinkIndex(0), LinkIndex(1));
}

}  // namespace
}  // namespace lastack

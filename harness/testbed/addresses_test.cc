// Which address a role is on which host, for each family.
#include "testbed/addresses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lastack {
namespace {

Scenario WithHosts(const std::string& first, const std::string& second) {
  Scenario scenario;
  scenario.hosts.resize(2);
  scenario.hosts[0].name = first;
  scenario.hosts[1].name = second;
  return scenario;
}

TEST(RoleAddresses, HasEveryRoleInEveryForm) {
  EXPECT_THAT(RoleAddresses(0, Family::kV4),
              testing::ElementsAre(testing::Pair("any", "0.0.0.0"),
                                   testing::Pair("any4", "0.0.0.0"),
                                   testing::Pair("any6", "::"),
                                   testing::Pair("loopback", "127.0.0.1"),
                                   testing::Pair("loopback4", "127.0.0.1"),
                                   testing::Pair("loopback6", "::1"),
                                   testing::Pair("own", "10.77.0.1"),
                                   testing::Pair("own2", "10.77.0.11"),
                                   testing::Pair("own24", "10.77.0.11"),
                                   testing::Pair("own26", "fd77::11"),
                                   testing::Pair("own4", "10.77.0.1"),
                                   testing::Pair("own6", "fd77::1")));
}

TEST(RoleAddresses, TheSecondHostHasItsOwn) {
  const auto roles = RoleAddresses(1, Family::kV6);
  EXPECT_EQ(roles.at("own4"), "10.77.0.2");
  EXPECT_EQ(roles.at("own24"), "10.77.0.12");
  EXPECT_EQ(roles.at("own6"), "fd77::2");
  EXPECT_EQ(roles.at("own26"), "fd77::12");
}

TEST(RoleAddresses, WithoutSuffixIsOfTheFamilyOfTheRun) {
  const auto v6 = RoleAddresses(0, Family::kV6);
  EXPECT_EQ(v6.at("own"), "fd77::1");
  EXPECT_EQ(v6.at("own2"), "fd77::11");
  EXPECT_EQ(v6.at("any"), "::");
  EXPECT_EQ(v6.at("loopback"), "::1");
  const auto mapped = RoleAddresses(0, Family::kMapped);
  EXPECT_EQ(mapped.at("own"), "10.77.0.1");
  EXPECT_EQ(mapped.at("own2"), "10.77.0.11");
  EXPECT_EQ(mapped.at("any"), "::");
  EXPECT_EQ(mapped.at("loopback"), "127.0.0.1");
}

TEST(HostIndex, ClientIsFirstWhateverTheOrder) {
  for (const Scenario& scenario : {WithHosts("server", "client"), WithHosts("client", "server")}) {
    EXPECT_EQ(HostIndex(scenario, "client"), 0);
    EXPECT_EQ(HostIndex(scenario, "server"), 1);
  }
}

TEST(HostIndex, OtherNamesCountInOrder) {
  const Scenario scenario = WithHosts("server", "box");
  EXPECT_EQ(HostIndex(scenario, "server"), 0);
  EXPECT_EQ(HostIndex(scenario, "box"), 1);
}

TEST(HostMac, DiffersBetweenHosts) {
  EXPECT_THAT(HostMac(0), testing::ElementsAre(2, 0x77, 0, 0, 0, 1));
  EXPECT_THAT(HostMac(1), testing::ElementsAre(2, 0x77, 0, 0, 0, 2));
}

}  // namespace
}  // namespace lastack

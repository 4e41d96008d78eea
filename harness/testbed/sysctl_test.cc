// Sysctls: only per-namespace ones, only inside a host, read back as the kernel took them.
#include "testbed/sysctl.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testbed/namespace_fixture.h"

namespace lastack {
namespace {

using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;

class SysctlTest : public NamespaceTest {
 protected:
  // Applies them in a new namespace.
  static Result<std::map<std::string, std::string>> Apply(const Sysctls& sysctls) {
    Result<NetworkVisit> visit = NetworkVisit::Begin();
    EXPECT_TRUE(visit);
    EXPECT_TRUE(visit->EnterNew());
    return ApplySysctls(*visit, sysctls, Unknown::kRefuse);
  }
  static Error ApplyFails(const Sysctls& sysctls) {
    const auto applied = Apply(sysctls);
    EXPECT_FALSE(applied);
    return applied ? Error{} : applied.error();
  }
};

std::string ReadHere(const std::string& path) {
  std::ifstream file(path);
  std::string text;
  std::getline(file, text);
  return text;
}

TEST(SysctlPath, TurnsDotsIntoSlashes) {
  EXPECT_EQ(*SysctlPath("net.ipv4.tcp_fin_timeout"), "/proc/sys/net/ipv4/tcp_fin_timeout");
  EXPECT_EQ(*SysctlPath("net.ipv4.conf.eth0.rp_filter"), "/proc/sys/net/ipv4/conf/eth0/rp_filter");
}

TEST(SysctlPath, RefusesWhatIsNotOfANetworkNamespace) {
  for (const char* name : {"kernel.panic",
                           "net",
                           "net.ipv4",
                           "net..ipv4.tcp_sack",
                           "net.../kernel.panic",
                           "net/ipv4/tcp_sack",
                           "vm.net.swappiness",
                           ""}) {
    const Result<std::string> path = SysctlPath(name);
    ASSERT_FALSE(path) << name;
    EXPECT_EQ(path.error().kind, ErrorKind::kScenario);
    EXPECT_THAT(path.error().message, HasSubstr(name));
  }
}

TEST_F(SysctlTest, SetsAndReadsBack) {
  const auto applied =
      Apply({{"net.ipv4.tcp_fin_timeout", "7"}, {"net.ipv4.ip_local_port_range", "40000 40009"}});
  ASSERT_TRUE(applied) << applied.error().message;
  EXPECT_THAT(*applied,
              UnorderedElementsAre(Pair("net.ipv4.tcp_fin_timeout", "7"),
                                   Pair("net.ipv4.ip_local_port_range", "40000 40009")));
}

TEST_F(SysctlTest, LeavesTheMachineAlone) {
  const std::string before = ReadHere("/proc/sys/net/ipv4/tcp_fin_timeout");
  ASSERT_TRUE(Apply({{"net.ipv4.tcp_fin_timeout", before == "7" ? "8" : "7"}}));
  EXPECT_EQ(ReadHere("/proc/sys/net/ipv4/tcp_fin_timeout"), before);
}

TEST_F(SysctlTest, RefusesToSetTheMachinesOwn) {
  Result<NetworkVisit> visit = NetworkVisit::Begin();
  ASSERT_TRUE(visit);
  const auto applied = ApplySysctls(*visit, {{"net.ipv4.tcp_fin_timeout", "60"}}, Unknown::kRefuse);
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().kind, ErrorKind::kSystem);
  EXPECT_FALSE(ApplySysctls(*visit, DefaultSysctls(), Unknown::kLeaveOut));
}

TEST_F(SysctlTest, SuggestsTheNameThatWasMeant) {
  const Error error = ApplyFails({{"net.ipv4.tcp_fin_timout", "7"}});
  EXPECT_EQ(error.kind, ErrorKind::kScenario);
  EXPECT_EQ(error.message, "there is no sysctl net.ipv4.tcp_fin_timout");
  EXPECT_EQ(error.hint, "did you mean net.ipv4.tcp_fin_timeout?");
}

TEST_F(SysctlTest, SaysWhatThisKernelDoesNotHave) {
  const Error error = ApplyFails({{"net.ipv4.tcp_invented_by_a_later_kernel", "1"}});
  EXPECT_EQ(error.kind, ErrorKind::kUnsupported);
  EXPECT_THAT(error.message, HasSubstr("net.ipv4.tcp_invented_by_a_later_kernel"));
}

TEST_F(SysctlTest, SaysWhichValueIsRefused) {
  for (const char* value : {"9999999", "soon", ""}) {
    const Error error = ApplyFails({{"net.ipv4.tcp_syn_retries", value}});
    EXPECT_EQ(error.kind, ErrorKind::kScenario) << value;
    EXPECT_THAT(error.message,
                HasSubstr(std::string("net.ipv4.tcp_syn_retries to \"") + value + '"'));
  }
}

TEST_F(SysctlTest, DefaultsHoldInANewNamespace) {
  Result<NetworkVisit> visit = NetworkVisit::Begin();
  ASSERT_TRUE(visit);
  ASSERT_TRUE(visit->EnterNew());
  const auto applied = ApplySysctls(*visit, DefaultSysctls(), Unknown::kLeaveOut);
  ASSERT_TRUE(applied) << applied.error().message;
  for (const auto& [name, value] : DefaultSysctls()) {
    const std::string now = ReadHere(*SysctlPath(name));
    EXPECT_TRUE(now == value || now.empty()) << name << " is " << now;
  }
}

}  // namespace
}  // namespace lastack

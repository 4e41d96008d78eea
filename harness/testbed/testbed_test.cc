// A testbed's life: what the hosts have, what is refused, and that nothing is left.
#include "testbed/testbed.h"

#include <net/if.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testbed/launch.h"
#include "testbed/testbed_fixture.h"

namespace lastack {
namespace {

using testing::HasSubstr;

std::map<std::string, std::string> MachineSysctls() {
  std::map<std::string, std::string> values;
  for (const char* folder :
       {"/proc/sys/net/ipv4", "/proc/sys/net/core", "/proc/sys/net/ipv6/conf"}) {
    std::error_code error;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, error)) {
      std::ostringstream text;
      if (entry.is_regular_file()) {
        text << std::ifstream(entry.path()).rdbuf();
      }
      values[entry.path()] = text.str();
    }
  }
  return values;
}

std::vector<std::string> OwnInterfaces() {
  std::vector<std::string> names;
  struct if_nameindex* const all = if_nameindex();
  for (const struct if_nameindex* one = all; one != nullptr && one->if_index != 0; ++one) {
    names.emplace_back(one->if_name);
  }
  if_freenameindex(all);
  return names;
}

size_t OpenDescriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(all), end(all)));
}

ino_t Identity(const Fd& network) {
  struct stat status {};
  fstat(network.get(), &status);
  return status.st_ino;
}

// Processes that are in this network namespace.
int ProcessesIn(ino_t network) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::error_code error;
    const auto link = std::filesystem::read_symlink(entry.path() / "ns/net", error);
    count += !error && link == fmt::format("net:[{}]", network) ? 1 : 0;
  }
  return count;
}

class TestbedTest : public TestbedFixture {};

TEST_F(TestbedTest, HostsHaveTheirNamesAndAddresses) {
  const auto testbed = Made(TwoHosts(Family::kV6));
  ASSERT_NE(testbed, nullptr);
  ASSERT_EQ(testbed->hosts().size(), 2);
  EXPECT_EQ(testbed->hosts()[0].name, "server");
  EXPECT_EQ(testbed->host("server").addresses.at("own"), "fd77::2");
  EXPECT_EQ(testbed->host("client").addresses.at("own"), "fd77::1");
  EXPECT_EQ(testbed->host("client").addresses.at("own4"), "10.77.0.1");
}

TEST_F(TestbedTest, EveryAddressCanBeBoundAtOnce) {
  const auto testbed = Made();
  ASSERT_NE(testbed, nullptr);
  for (const Host& host : testbed->hosts()) {
    for (const auto& [role, address] : host.addresses) {
      const int domain = address.find(':') == std::string::npos ? AF_INET : AF_INET6;
      const Fd socket = SocketIn(host, domain, SOCK_STREAM);
      EXPECT_EQ(BindTo(socket, domain, {address, 8080}), 0) << host.name << ' ' << role;
    }
  }
}

TEST_F(TestbedTest, OwnIsTheSourceWhereNoneIsBound) {
  const auto testbed = Made();
  ASSERT_NE(testbed, nullptr);
  const auto source = [&](int domain, const std::string& role) {
    const Fd socket = SocketIn(testbed->host("client"), domain, SOCK_DGRAM);
    EXPECT_EQ(ConnectTo(socket, domain, {testbed->host("server").addresses.at(role), 9}), 0);
    sockaddr_storage name{};
    socklen_t size = sizeof name;
    void* const storage = &name;
    getsockname(socket.get(), static_cast<sockaddr*>(storage), &size);
    return FromSockaddr(name).address;
  };
  EXPECT_EQ(source(AF_INET, "own4"), "10.77.0.1");
  EXPECT_EQ(source(AF_INET, "own24"), "10.77.0.1");
  EXPECT_EQ(source(AF_INET6, "own6"), "fd77::1");
  EXPECT_EQ(source(AF_INET6, "own26"), "fd77::1");
}

TEST_F(TestbedTest, SysctlsOfAHostAreItsOwn) {
  Scenario scenario = TwoHosts();
  scenario.hosts[0].sysctl = {{"net.ipv4.tcp_fin_timeout", "7"},
                              {"net.ipv4.conf.eth0.rp_filter", "1"}};
  const auto testbed = Made(scenario);
  ASSERT_NE(testbed, nullptr);
  EXPECT_EQ(testbed->host("server").sysctl.at("net.ipv4.tcp_fin_timeout"), "7");
  EXPECT_EQ(testbed->host("server").sysctl.at("net.ipv4.conf.eth0.rp_filter"), "1");
  EXPECT_FALSE(testbed->host("client").sysctl.contains("net.ipv4.tcp_fin_timeout"));
}

TEST_F(TestbedTest, TheDirectLinkIsPatientAndSaysSo) {
  if (access("/proc/sys/net/ipv4/tcp_rto_min_us", F_OK) != 0) {
    GTEST_SKIP() << "no net.ipv4.tcp_rto_min_us in this kernel: Linux 6.11";
  }
  Scenario scenario = TwoHosts();
  scenario.hosts[0].sysctl = {{"net.ipv4.tcp_rto_min_us", "300000"}};
  const auto testbed = Made(scenario);
  ASSERT_NE(testbed, nullptr);
  EXPECT_EQ(testbed->host("server").sysctl.at("net.ipv4.tcp_rto_min_us"), "300000");
  EXPECT_EQ(testbed->host("client").sysctl.at("net.ipv4.tcp_rto_min_us"), "500000");
}

TEST_F(TestbedTest, ASysctlErrorNamesTheHostAndLeavesNothing) {
  const size_t descriptors = OpenDescriptors();
  Scenario scenario = TwoHosts();
  scenario.hosts[0].sysctl = {{"net.ipv4.tcp_fin_timout", "7"}};
  const auto testbed = Create(scenario);
  ASSERT_FALSE(testbed);
  EXPECT_EQ(testbed.error().kind, ErrorKind::kScenario);
  EXPECT_EQ(testbed.error().message, "host server: there is no sysctl net.ipv4.tcp_fin_timout");
  EXPECT_EQ(OpenDescriptors(), descriptors);
  EXPECT_TRUE(ReapEndedHosts(Deadline(std::chrono::seconds(10))));
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
}

TEST_F(TestbedTest, LeavesNothingBehindAndTheMachineAlone) {
  EXPECT_TRUE(ReapEndedHosts(Deadline(std::chrono::seconds(10))));  // of other tests
  const auto sysctls = MachineSysctls();
  const auto interfaces = OwnInterfaces();
  const auto own = std::filesystem::read_symlink("/proc/thread-self/ns/net");
  const size_t descriptors = OpenDescriptors();
  Scenario scenario = TwoHosts();
  scenario.hosts[0].sysctl = {{"net.ipv4.tcp_fin_timeout", "7"}};
  auto testbed = Made(scenario);
  ASSERT_NE(testbed, nullptr);
  const ino_t server = Identity(testbed->host("server").network);
  const ino_t client = Identity(testbed->host("client").network);
  EXPECT_EQ(ProcessesIn(server), 1);
  EXPECT_EQ(ProcessesIn(client), 1);
  EXPECT_EQ(std::filesystem::read_symlink("/proc/thread-self/ns/net"), own);
  EXPECT_EQ(OwnInterfaces(), interfaces);
  testbed.reset();
  EXPECT_TRUE(ReapEndedHosts(Deadline(std::chrono::seconds(10))));
  EXPECT_EQ(ProcessesIn(server), 0);
  EXPECT_EQ(ProcessesIn(client), 0);
  EXPECT_EQ(OpenDescriptors(), descriptors) << "a descriptor would hold a namespace";
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "no child is left";
  EXPECT_EQ(MachineSysctls(), sysctls);
}

TEST_F(TestbedTest, AHostThatDoesNotEndIsKilled) {
  auto testbed = Made();
  ASSERT_NE(testbed, nullptr);
  const pid_t pid = testbed->host("server").pid;
  kill(pid, SIGSTOP);
  testbed.reset();
  EXPECT_TRUE(ReapEndedHosts(Deadline(std::chrono::seconds(10))));
  EXPECT_EQ(kill(pid, 0), -1);
}

TEST_F(TestbedTest, KeptHostsLiveOn) {
  auto testbed = Made();
  ASSERT_NE(testbed, nullptr);
  std::vector<pid_t> kept;
  std::vector<Fd> stdins;
  for (Host& host : testbed->hosts()) {
    kept.push_back(host.pid);
    stdins.emplace_back(dup(host.to_host.get()));  // cat knows no `keep`
  }
  testbed->Keep();
  testbed.reset();
  for (const pid_t pid : kept) {
    EXPECT_EQ(kill(pid, 0), 0);
    kill(pid, SIGKILL);
    EXPECT_EQ(waitpid(pid, nullptr, 0), pid);
  }
}

TEST_F(TestbedTest, AddressesGoAndComeBack) {
  const auto testbed = Made();
  ASSERT_NE(testbed, nullptr);
  const auto bind_result = [&](int domain, const std::string& role) {
    const Fd socket = SocketIn(testbed->host("client"), domain, SOCK_STREAM);
    return BindTo(socket, domain, {testbed->host("client").addresses.at(role), 8080});
  };
  for (int round = 0; round < 3; ++round) {
    const Status removed = testbed->RemoveAddresses("client");
    ASSERT_TRUE(removed) << removed.error().message;
    EXPECT_EQ(bind_result(AF_INET, "own4"), EADDRNOTAVAIL);
    EXPECT_EQ(bind_result(AF_INET6, "own6"), EADDRNOTAVAIL);
    EXPECT_EQ(bind_result(AF_INET, "own24"), 0);
    EXPECT_EQ(bind_result(AF_INET6, "own26"), 0);
    const Status added = testbed->AddAddresses("client");
    ASSERT_TRUE(added) << added.error().message;
    EXPECT_EQ(bind_result(AF_INET, "own4"), 0);
    EXPECT_EQ(bind_result(AF_INET6, "own6"), 0);
  }
}

TEST_F(TestbedTest, AddingAnAddressThatIsThereIsAnError) {
  const auto testbed = Made();
  ASSERT_NE(testbed, nullptr);
  const Status added = testbed->AddAddresses("client");
  ASSERT_FALSE(added);
  EXPECT_THAT(added.error().message, HasSubstr("host client: cannot add address 10.77.0.1/24: "));
}

TEST(FindProgram, LooksBesideThisProgram) {
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
  const Result<std::string> found = FindProgram(self.filename());
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, self.string());
}

TEST(FindProgram, SaysWhereItLooked) {
  const Result<std::string> found = FindProgram("no-such-program");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::kSystem);
  EXPECT_EQ(found.error().message, "cannot find the program no-such-program");
  EXPECT_THAT(found.error().hint, HasSubstr("../libexec/lastack"));
}

}  // namespace
}  // namespace lastack

// How a host process is started and ended. A shell script stands in for lastack-host.
#include "testbed/launch.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"
#include "testbed/namespace_fixture.h"

namespace lastack {
namespace {

using testing::HasSubstr;

class LaunchTest : public NamespaceTest {
 protected:
  void SetUp() override {
    NamespaceTest::SetUp();
    std::string pattern = testing::TempDir() + "lastack_launch_XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override {
    unlink(Script().c_str());
    rmdir(folder_.c_str());
  }

  [[nodiscard]] std::string Script() const { return folder_ + "/host"; }
  [[nodiscard]] Result<LaunchedHost> Launch(const std::string& script) const {
    std::ofstream(Script()) << "#!/bin/sh\n" << script << '\n';
    chmod(Script().c_str(), 0700);
    return LaunchHost(Script());
  }

 private:
  std::string folder_;
};

// What the host writes until it closes its stdout.
std::string ReadAll(const LaunchedHost& host) {
  std::string text;
  const Deadline deadline(std::chrono::seconds(10));
  std::array<char, 4096> buffer{};
  pollfd readable{.fd = host.from_host.get(), .events = POLLIN, .revents = 0};
  while (poll(&readable, 1, deadline.PollTimeout()) > 0) {
    const ssize_t size = read(host.from_host.get(), buffer.data(), buffer.size());
    if (size <= 0) {
      break;
    }
    text.append(buffer.data(), static_cast<size_t>(size));
  }
  return text;
}

bool Gone(pid_t pid) {
  return kill(pid, 0) != 0 && errno == ESRCH;
}

TEST_F(LaunchTest, IsPid1InASessionOfItsOwnWithoutCoreFiles) {
  const Result<LaunchedHost> host = Launch("echo $$ $(ulimit -c) $(cut -d' ' -f6 /proc/self/stat)");
  ASSERT_TRUE(host) << host.error().message;
  // Field 6 is the session, by its number in the namespace of /proc: the host itself leads it.
  EXPECT_EQ(ReadAll(*host), fmt::format("1 0 {}\n", host->process.pid()));
}

TEST_F(LaunchTest, HasNoDescriptorsOfOurs) {
  const int leaked = fcntl(STDERR_FILENO, F_DUPFD, 50);  // not close-on-exec
  const Result<LaunchedHost> host = Launch("for fd in /proc/self/fd/*; do echo ${fd##*/}; done");
  close(leaked);
  ASSERT_TRUE(host) << host.error().message;
  EXPECT_THAT(Split(ReadAll(*host), '\n'), testing::Not(testing::Contains("50")));
}

TEST_F(LaunchTest, StartsWithDefaultSignals) {
  struct sigaction ignore {};
  struct sigaction before {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, &before);
  sigset_t blocked{};
  sigset_t mask_before{};
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &blocked, &mask_before);
  const Result<LaunchedHost> host = Launch("grep -E 'SigBlk|SigIgn' /proc/self/status");
  sigset_t mask_after{};
  pthread_sigmask(SIG_SETMASK, &mask_before, &mask_after);
  sigaction(SIGPIPE, &before, nullptr);
  ASSERT_TRUE(host) << host.error().message;
  EXPECT_EQ(ReadAll(*host), "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
  EXPECT_EQ(sigismember(&mask_after, SIGTERM), 1) << "our own mask is as before";
}

TEST_F(LaunchTest, TalksThroughBothPipes) {
  const Result<LaunchedHost> host = Launch("read line; echo got $line");
  ASSERT_TRUE(host) << host.error().message;
  ASSERT_EQ(write(host->to_host.get(), "it\n", 3), 3);
  EXPECT_EQ(ReadAll(*host), "got it\n");
}

TEST_F(LaunchTest, EndOfFileEndsIt) {
  Result<LaunchedHost> host = Launch("exec cat");
  ASSERT_TRUE(host) << host.error().message;
  const Result<LaunchedHost> other = LaunchHost(Script());  // must not hold the pipe of the first
  ASSERT_TRUE(other) << other.error().message;
  host->to_host.Reset();
  EXPECT_TRUE(host->process.WaitForExit(Deadline(std::chrono::seconds(10))));
}

TEST_F(LaunchTest, TakesWhatItLeakedWithIt) {
  Result<LaunchedHost> host = Launch("setsid sleep 1000 & echo ready; exec cat");
  ASSERT_TRUE(host) << host.error().message;
  pollfd readable{.fd = host->from_host.get(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(poll(&readable, 1, 10'000), 1);
  const pid_t pid = host->process.pid();
  std::ifstream children(fmt::format("/proc/{0}/task/{0}/children", pid));
  pid_t leaked = -1;
  children >> leaked;
  ASSERT_GT(leaked, 0);
  host->process.End();
  EXPECT_TRUE(ReapEndedHosts(Deadline(std::chrono::seconds(10))));
  EXPECT_TRUE(Gone(pid));
  EXPECT_TRUE(Gone(leaked));
}

TEST_F(LaunchTest, DiesWithTheThreadThatLaunchedIt) {
  Result<LaunchedHost> host = Fail(ErrorKind::kSystem, "not launched");
  std::thread([&] { host = Launch("exec cat"); }).join();
  ASSERT_TRUE(host) << host.error().message;
  EXPECT_TRUE(host->process.WaitForExit(Deadline(std::chrono::seconds(10))));
}

TEST_F(LaunchTest, SaysWhichProgramCannotBeExecuted) {
  const Result<LaunchedHost> host = LaunchHost("/nonexistent/lastack-host");
  ASSERT_FALSE(host);
  EXPECT_EQ(host.error().kind, ErrorKind::kSystem);
  EXPECT_THAT(host.error().message,
              HasSubstr("cannot execute /nonexistent/lastack-host: No such file or directory"));
  EXPECT_TRUE(ReapEndedHosts(Deadline(std::chrono::seconds(10))));
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "no child is left";
}

TEST_F(LaunchTest, ReleasedItLivesOn) {
  Result<LaunchedHost> host = Launch("exec cat");
  ASSERT_TRUE(host) << host.error().message;
  const pid_t pid = host->process.pid();
  host->process.Release();
  host->process.End();
  EXPECT_FALSE(Gone(pid));
  kill(pid, SIGKILL);
  EXPECT_EQ(waitpid(pid, nullptr, 0), pid);
}

}  // namespace
}  // namespace lastack

#include "rebind/execute.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdlib>
#include <thread>

#include <fmt/format.h>

#include "base/socket_address.h"
#include "base/time.h"

namespace lastack {
namespace {

constexpr int kFirstPassed = 3;  // SD_LISTEN_FDS_START
constexpr Duration kToolWithin = std::chrono::seconds(10);

int Execute(std::vector<std::string> words) {
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) {
    arguments.push_back(word.data());
  }
  arguments.push_back(nullptr);
  execv(arguments[0], arguments.data());
  return 127;
}

bool IsListenerOn(int fd, uint16_t port) {
  int listens = 0;
  socklen_t length = sizeof(listens);
  sockaddr_storage address{};
  socklen_t address_length = sizeof(address);
  return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) == 0 && listens == 1 &&
         getsockname(fd, static_cast<sockaddr*>(static_cast<void*>(&address)), &address_length) ==
             0 &&
         FromSockaddr(address).port == port;
}

}  // namespace

int ExecuteWithListener(int listener, const std::vector<std::string>& words) {
  if (listener != kFirstPassed && dup2(listener, kFirstPassed) < 0) {
    return 127;
  }
  if (fcntl(kFirstPassed, F_SETFD, 0) != 0) {
    return 127;
  }
  close_range(kFirstPassed + 1, UINT_MAX, 0);
  setenv("LISTEN_FDS", "1", 1);                               // NOLINT(concurrency-mt-unsafe)
  setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
  return Execute(words);
}

int ExecuteQuietly(const std::vector<std::string>& words) {
  const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nothing < 0 || dup2(nothing, STDOUT_FILENO) < 0 || dup2(nothing, STDERR_FILENO) < 0) {
    return 127;
  }
  return Execute(words);
}

std::optional<Fd> PassedListener() {
  const char* count = std::getenv("LISTEN_FDS");  // NOLINT(concurrency-mt-unsafe)
  const char* pid = std::getenv("LISTEN_PID");    // NOLINT(concurrency-mt-unsafe)
  if (count == nullptr || pid == nullptr || std::string(count) != "1" ||
      std::string(pid) != std::to_string(getpid())) {
    return std::nullopt;
  }
  Fd listener(kFirstPassed);
  const int flags = fcntl(listener.get(), F_GETFL);
  if (flags < 0 || fcntl(listener.get(), F_SETFL, flags | O_NONBLOCK) != 0) {
    return std::nullopt;
  }
  return listener;
}

std::string BoardPath(int fd) {
  // /proc is the outermost one, so numbers of processes in it are not those getpid returns here.
  std::array<char, 32> self{};
  const ssize_t size = readlink("/proc/self", self.data(), self.size() - 1);
  return fmt::format("/proc/{}/fd/{}", size > 0 ? self.data() : "self", fd);
}

std::string FindActivationTool() {
  for (const char* path : {"/usr/bin/systemd-socket-activate", "/bin/systemd-socket-activate"}) {
    if (access(path, X_OK) == 0) {
      return path;
    }
  }
  return {};
}

Result<Fd> ListenerOfTool(pid_t pid, uint16_t port) {
  const Fd handle(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));  // NOLINT(*-vararg)
  const Deadline deadline(kToolWithin);
  while (handle.valid() && !deadline.Expired()) {
    Fd copy(static_cast<int>(syscall(SYS_pidfd_getfd, handle.get(), kFirstPassed, 0)));  // NOLINT
    if (copy.valid() && IsListenerOn(copy.get(), port)) {
      return copy;
    }
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  return Fail(ErrorKind::kSystem, "systemd-socket-activate did not listen");
}

}  // namespace lastack

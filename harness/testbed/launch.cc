// clone(2) and exec of lastack-host, and its end.
#include "testbed/launch.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <mutex>

#include <fmt/format.h>

namespace lastack {
namespace {

constexpr int kPipeBytes = 1 << 20;  // room for a burst of frames; /proc/sys/fs/pipe-max-size
constexpr size_t kChildStackBytes = 65536;  // RunChild calls nothing deep

struct Pipe {
  Fd read_end;
  Fd write_end;
};

Result<Pipe> MakePipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return FailErrno("cannot make a pipe");
  }
  Pipe made{Fd(ends[0]), Fd(ends[1])};
  // Beyond an ordinary user's share the kernel refuses; the pipe then has its usual size.
  static_cast<void>(fcntl(made.write_end.get(), F_SETPIPE_SZ, kPipeBytes));
  return made;
}

// What the child needs, prepared before clone: the child shares the memory of this process until it
// executes, so it may only make system calls.
struct ChildPlan {
  std::vector<char*> arguments;  // ends with nullptr
  int standard_input = -1;
  int standard_output = -1;
  int error = 0;  // errno of what failed in the child
};

// dup2 onto a descriptor that might be the same one, or another that is still needed.
bool MoveDescriptors(const ChildPlan& plan) {
  const int input = fcntl(plan.standard_input, F_DUPFD, 3);
  const int output = fcntl(plan.standard_output, F_DUPFD, 3);
  return input >= 0 && output >= 0 && dup2(input, STDIN_FILENO) >= 0 &&
         dup2(output, STDOUT_FILENO) >= 0 && close_range(3, UINT_MAX, 0) == 0;
}

void ResetSignals() {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) {
    sigaction(number, &action, nullptr);  // fails for KILL and STOP, which is as good
  }
  sigset_t none{};
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

int RunChild(void* argument) {
  auto& plan = *static_cast<ChildPlan*>(argument);
  const rlimit no_core{0, 0};
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || setsid() < 0 ||
      setrlimit(RLIMIT_CORE, &no_core) != 0 || !MoveDescriptors(plan)) {
    plan.error = errno;
    _exit(127);
  }
  ResetSignals();
  execve(plan.arguments[0], plan.arguments.data(), environ);
  plan.error = errno;
  _exit(127);
}

// Signals are blocked while parent and child share their memory, so that no handler of ours runs in
// the child.
pid_t CloneChild(ChildPlan* plan, int* handle) {
  std::vector<char> stack(kChildStackBytes);
  sigset_t all{};
  sigset_t before{};
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  // The parent goes on when the child has executed the program (CLONE_VFORK); no memory is copied
  // (CLONE_VM).
  const pid_t pid = clone(RunChild,
                          stack.data() + stack.size(),
                          CLONE_NEWPID | CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD,
                          plan,
                          handle);
  const int error = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return pid;
}

Error CloneError(int errno_value) {
  Error error = SystemError("cannot make a PID namespace", errno_value);
  if (errno_value == EINVAL) {
    error.kind = ErrorKind::kUnsupported;
    error.hint = "the kernel needs CONFIG_PID_NS";
  } else if (errno_value == ENOSPC) {
    error.hint = "too many namespaces: raise user.max_pid_namespaces, or use a smaller -j";
  }
  return error;
}

// Killed hosts that the kernel still takes apart.
struct Ended {
  std::mutex mutex;
  std::vector<std::pair<pid_t, Fd>> hosts;  // with the pidfd
};

Ended& EndedHosts() {
  static Ended ended;
  return ended;
}

bool HasExited(const Fd& handle, int timeout_ms) {
  pollfd readable{.fd = handle.get(), .events = POLLIN, .revents = 0};
  int ready = 0;
  do {
    ready = poll(&readable, 1, timeout_ms);
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

}  // namespace

HostProcess& HostProcess::operator=(HostProcess&& other) noexcept {
  if (this != &other) {
    End();
    pid_ = std::exchange(other.pid_, -1);
    handle_ = std::move(other.handle_);
  }
  return *this;
}

bool HostProcess::WaitForExit(const Deadline& deadline) const {
  if (pid_ < 0) {
    return true;
  }
  return HasExited(handle_, deadline.PollTimeout());
}

void HostProcess::Kill() const {
  if (pid_ >= 0) {
    kill(pid_, SIGKILL);  // not reaped yet, so the number is still its own
  }
}

void HostProcess::End() {
  if (pid_ < 0) {
    return;
  }
  Kill();
  {
    const std::lock_guard lock(EndedHosts().mutex);
    EndedHosts().hosts.emplace_back(pid_, std::move(handle_));
  }
  pid_ = -1;
  static_cast<void>(ReapEndedHosts(Deadline(Duration(0))));
}

bool ReapEndedHosts(const Deadline& deadline) {
  const std::lock_guard lock(EndedHosts().mutex);
  std::erase_if(EndedHosts().hosts, [&](const auto& host) {
    return HasExited(host.second, deadline.PollTimeout()) &&
           waitpid(host.first, nullptr, WNOHANG) != 0;
  });
  return EndedHosts().hosts.empty();
}

void HostProcess::Release() {
  pid_ = -1;
  handle_.Reset();
}

Result<LaunchedHost> LaunchHost(const std::string& program,
                                const std::vector<std::string>& arguments) {
  Result<Pipe> to_host = MakePipe();
  Result<Pipe> from_host = MakePipe();
  if (!to_host || !from_host) {
    return Fail(to_host ? from_host.error() : to_host.error());
  }
  std::vector<std::string> words = {program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  ChildPlan plan;
  for (std::string& word : words) {
    plan.arguments.push_back(word.data());
  }
  plan.arguments.push_back(nullptr);
  plan.standard_input = to_host->read_end.get();
  plan.standard_output = from_host->write_end.get();
  int handle = -1;
  const pid_t pid = CloneChild(&plan, &handle);
  if (pid < 0) {
    return Fail(CloneError(errno));
  }
  LaunchedHost launched{.process = HostProcess(pid, Fd(handle)),
                        .to_host = std::move(to_host->write_end),
                        .from_host = std::move(from_host->read_end)};
  if (plan.error != 0) {
    return Fail(ErrorKind::kSystem, SystemError("cannot execute " + program, plan.error).message);
  }
  if (fcntl(launched.from_host.get(), F_SETFL, O_NONBLOCK) != 0) {
    return FailErrno("cannot make the pipe from a host non-blocking");
  }
  return launched;
}

}  // namespace lastack

#include "rebind/child.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>

namespace lastack {
namespace {

// Everything from 3 on but these.
void CloseAllBut(std::vector<int> keep) {
  std::sort(keep.begin(), keep.end());
  unsigned first = 3;
  for (const int fd : keep) {
    const auto kept = static_cast<unsigned>(fd);
    if (fd < 0 || kept < first) {
      continue;
    }
    if (kept > first) {
      close_range(first, kept - 1, 0);
    }
    first = kept + 1;
  }
  close_range(first, UINT_MAX, 0);
}

void SetSignals() {
  sigset_t blocked{};
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  sigaddset(&blocked, SIGUSR1);
  pthread_sigmask(SIG_SETMASK, &blocked, nullptr);
  struct sigaction action {};
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, nullptr);
}

}  // namespace

Result<Child> Child::Fork(const std::vector<int>& keep, const std::function<int()>& body) {
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) {
    return FailErrno("cannot fork");
  }
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // NOLINT(*-vararg)
    if (getppid() != parent) {
      _exit(1);  // it had ended before the line above
    }
    SetSignals();
    CloseAllBut(keep);
    _exit(body());
  }
  return Child(pid);
}

void Child::Send(int signal) const {
  if (pid_ > 0) {
    kill(pid_, signal);  // not reaped yet, so the number is still its own
  }
}

bool Child::HasEnded() {
  if (pid_ > 0 && waitpid(pid_, nullptr, WNOHANG) == pid_) {
    pid_ = -1;
  }
  return pid_ < 0;
}

bool Child::Wait() {
  int status = 0;
  pid_t waited = -1;
  do {
    waited = pid_ > 0 ? waitpid(pid_, &status, 0) : -1;
  } while (waited < 0 && errno == EINTR && pid_ > 0);
  pid_ = -1;
  return waited > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void Child::End() {
  Send(SIGKILL);
  if (pid_ > 0) {
    static_cast<void>(Wait());
  }
}

}  // namespace lastack

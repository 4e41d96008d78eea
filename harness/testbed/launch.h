// Starting lastack-host, or the relay, as PID 1 of a new PID namespace, and ending it with
// everything in it.
//
// The host inherits the network namespace of the calling thread. It gets a session of its own (a
// terminal's Ctrl-C reaches lastack alone), default signal dispositions, no core files, and no
// descriptors but 0, 1 and 2. It sees the outer /proc: numbers of processes in it are the outer
// ones, but /proc/self/net is that of the host. Threads: the kernel kills the host when the thread
// that launched it ends (PR_SET_PDEATHSIG); a host that is asked to `keep` clears that itself, as
// only it can.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "base/time.h"

namespace lastack {

// Owns a child process: kills it when it is destroyed, and sees to it that it is reaped.
class HostProcess {
 public:
  HostProcess() = default;
  HostProcess(pid_t pid, Fd handle) : pid_(pid), handle_(std::move(handle)) {}
  HostProcess(HostProcess&& other) noexcept
      : pid_(std::exchange(other.pid_, -1)), handle_(std::move(other.handle_)) {}
  HostProcess& operator=(HostProcess&& other) noexcept;
  HostProcess(const HostProcess&) = delete;
  HostProcess& operator=(const HostProcess&) = delete;
  ~HostProcess() { End(); }

  // Waits until the process has ended by itself; false when the deadline is over.
  [[nodiscard]] bool WaitForExit(const Deadline& deadline) const;
  // Sends SIGKILL, and with PID 1 dies all of its namespace; does not wait.
  void Kill() const;
  // Kills it; does not wait until the kernel has taken it apart. Does nothing when there is no
  // process.
  void End();
  // Lets go of it without ending it.
  void Release();

  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  Fd handle_;  // pidfd, to wait for it with a deadline
};

// Reaps the hosts that were killed and have ended by now, waiting for them until the deadline;
// whether none is left. The kernel needs three RCU grace periods (24 ms with HZ=250) for each
// packet socket of a host, so nobody waits for that while runs go on: those that are left when this
// process ends are init's.
[[nodiscard]] bool ReapEndedHosts(const Deadline& deadline);

struct LaunchedHost {
  HostProcess process;
  Fd to_host;    // its stdin
  Fd from_host;  // its stdout, non-blocking
};

// Returns once the program runs. Errors: kPermission or kUnsupported without PID namespaces;
// kSystem if the program cannot be executed.
[[nodiscard]] Result<LaunchedHost> LaunchHost(const std::string& program,
                                              const std::vector<std::string>& arguments = {});

}  // namespace lastack

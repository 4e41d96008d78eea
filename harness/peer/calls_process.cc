// The calls about processes: fork, send_socket, receive_socket, exit.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/errno_name.h"
#include "base/time.h"
#include "peer/calls.h"
#include "peer/messages.h"

namespace lastack {
namespace {

constexpr int kFirstDescriptor = 3;  // after the standard streams

// Closes every descriptor but the standard streams and these.
void CloseAllExcept(std::vector<int> keep) {
  std::sort(keep.begin(), keep.end());
  int next = kFirstDescriptor;
  for (const int fd : keep) {
    if (fd > next) {
      close_range(static_cast<unsigned>(next), static_cast<unsigned>(fd - 1), 0);
    }
    next = std::max(next, fd + 1);
  }
  close_range(static_cast<unsigned>(next), ~0U, 0);
}

// The child's own life begins: its control end, its sockets, and none of its parent's threads or
// calls.
void BecomeChild(PeerState* peer, Fd control_end) {
  peer->running = 0;
  peer->sockets.ForgetThreads();
  std::vector<int> keep = peer->sockets.DescriptorsLocked();
  keep.push_back(control_end.get());
  peer->control.Replace(std::move(control_end));
  CloseAllExcept(std::move(keep));
}

// Forks twice. Returns 0 in the child, its pid in the parent, or -1 with errno. The pid comes
// through a pipe, since only the process in between is told it.
pid_t ForkTwice() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return -1;
  }
  const Fd read_end(ends[0]);
  Fd write_end(ends[1]);
  const pid_t between = fork();
  if (between < 0) {
    return -1;
  }
  if (between == 0) {
    const pid_t child = fork();
    if (child == 0) {
      return 0;
    }
    const ssize_t written = write(write_end.get(), &child, sizeof(child));
    _exit(written == sizeof(child) ? 0 : 1);
  }
  write_end.Reset();
  pid_t child = -1;
  const bool told = read(read_end.get(), &child, sizeof(child)) == sizeof(child);
  waitpid(between, nullptr, 0);
  if (!told || child < 0) {
    errno = EAGAIN;  // fork's own reason when there are too many processes
    return -1;
  }
  return child;
}

}  // namespace

std::optional<CallResults> CallFork(const CallContext& call) {
  CallResult result;
  result.name = call.request.as.front();
  std::array<int, 2> ends{};
  result.t0_ns = MonotonicNs();
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    result.error = ErrnoName(errno);
    result.t1_ns = MonotonicNs();
    return CallResults{result};
  }
  Fd childs_end(ends[0]);
  Fd hosts_end(ends[1]);
  PeerState* const peer = call.peer;
  pid_t child = -1;
  {
    // No other thread is to hold one of these at the moment of the fork: it would never let go of
    // it in the child.
    const auto writes = peer->control.LockWrites();
    const auto table = peer->sockets.Lock();
    child = ForkTwice();
    if (child == 0) {
      BecomeChild(peer, std::move(childs_end));
      (void)hosts_end.Release();  // closed with all the others
    }
  }
  if (child == 0) {
    peer->control.Write(HelloLine(getpid()));
    return std::nullopt;
  }
  const int error = errno;
  result.t1_ns = MonotonicNs();
  if (child < 0) {
    result.error = ErrnoName(error);
  } else {
    result.value = child;
    peer->control.Write(ForkedLine(call.request.id, result.name, child), hosts_end.get());
  }
  return CallResults{result};
}

std::optional<CallResults> CallSendSocket(const CallContext& call) {
  const NamedSocket& named = call.on.front();
  CallResult result;
  result.name = named.name;
  result.t0_ns = MonotonicNs();
  const int error = call.peer->control.Write(SocketLine(call.request.id), named.socket->fd);
  result.t1_ns = MonotonicNs();
  if (error == 0) {
    result.value = 0;
  } else {
    result.error = ErrnoName(error);
  }
  return CallResults{result};
}

std::optional<CallResults> CallReceiveSocket(const CallContext& call) {
  CallResult result;
  result.name = call.request.as.front();
  result.t0_ns = MonotonicNs();
  Fd received = call.peer->control.TakeDescriptor();
  result.t1_ns = MonotonicNs();
  if (!received.valid()) {
    result.error = ErrnoName(EBADF);
    return CallResults{result};
  }
  const int fd = received.get();
  const NamedSocket named{result.name,
                          std::make_shared<Socket>(fd, FamilyOfSocket(fd), kUnknownOffset)};
  if (!call.peer->sockets.Insert(named.name, named.socket)) {
    result.error = ErrnoName(EEXIST);
    return CallResults{result};
  }
  (void)received.Release();
  result.value = 0;
  result.socket = Describe(named);
  return CallResults{result};
}

std::optional<CallResults> CallExit(const CallContext& call) {
  // Not exit(3): nothing here needs its destructors, and other threads may still be running.
  _exit(call.request.code);
}

}  // namespace lastack

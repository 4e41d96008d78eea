#include "rebind/server.h"

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <set>

#include "base/time.h"

namespace lastack {
namespace {

constexpr Duration kPeersCloseWithin = std::chrono::seconds(5);

class Server {
 public:
  Server(Fd listener, const ServerRole& role, Board* board)
      : listener_(std::move(listener)), role_(role), board_(board) {}
  ~Server() { CloseConnections(); }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  Server(Server&&) = delete;
  Server& operator=(Server&&) = delete;

  [[nodiscard]] bool Start();
  // Until a signal comes, which it returns; 0 if it cannot go on.
  [[nodiscard]] int Run();
  void CloseEverything();

 private:
  static constexpr size_t kEvents = 64;
  using Events = std::array<epoll_event, kEvents>;

  [[nodiscard]] bool Watch(int fd) const;
  void Accept();
  void Answer(int fd);
  void HandOver();
  void AskPeersToClose();
  void CloseConnections();

  Fd listener_;
  ServerRole role_;
  Board* board_;
  Fd epoll_;
  Fd signals_;
  std::set<int> connections_;
};

bool Server::Watch(int fd) const {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  return epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

bool Server::Start() {
  sigset_t set{};
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGUSR1);
  signals_ = Fd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  epoll_ = Fd(epoll_create1(EPOLL_CLOEXEC));
  const bool able = signals_.valid() && epoll_.valid() && Watch(signals_.get()) &&
                    Watch(listener_.get()) && (role_.hand_over < 0 || Watch(role_.hand_over));
  if (able) {
    board_->accepted = 0;
    board_->ready = role_.generation;
  }
  return able;
}

int Server::Run() {
  Events events{};
  while (true) {
    const int count = epoll_wait(epoll_.get(), events.data(), kEvents, -1);
    if (count < 0 && errno != EINTR) {
      return 0;
    }
    // The signal first: nothing is accepted or answered after it.
    signalfd_siginfo info{};
    if (read(signals_.get(), &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) {
      return static_cast<int>(info.ssi_signo);
    }
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<size_t>(i)].data.fd;
      if (fd == listener_.get()) {
        Accept();
      } else if (fd == role_.hand_over) {
        HandOver();
      } else if (fd != signals_.get()) {
        Answer(fd);
      }
    }
  }
}

void Server::Accept() {
  while (true) {
    const int fd = accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
      return;
    }
    if (role_.generation >= board_->recording_from) {
      int64_t none = 0;
      board_->accepted_ns.compare_exchange_strong(none, MonotonicNs());
    }
    connections_.insert(fd);
    static_cast<void>(Watch(fd));
    ++board_->accepted;
  }
}

void Server::Answer(int fd) {
  std::array<char, 64> octets{};
  const ssize_t size = recv(fd, octets.data(), octets.size(), 0);
  if (size > 0) {
    octets.fill(AnswerOf(role_.generation));
    static_cast<void>(send(fd, octets.data(), static_cast<size_t>(size), MSG_NOSIGNAL));
  } else if (size == 0 || errno != EAGAIN) {
    close(fd);
    connections_.erase(fd);
  }
}

// Room for the one descriptor in a control message of unix(7).
struct DescriptorMessage {
  char octet = 'L';
  iovec data{.iov_base = &octet, .iov_len = 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr header{.msg_name = nullptr,
                .msg_namelen = 0,
                .msg_iov = &data,
                .msg_iovlen = 1,
                .msg_control = control.data(),
                .msg_controllen = control.size(),
                .msg_flags = 0};
};

void Server::HandOver() {
  char octet = 0;
  if (recv(role_.hand_over, &octet, 1, MSG_DONTWAIT) != 1) {
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, role_.hand_over, nullptr);
    return;
  }
  DescriptorMessage message;
  cmsghdr* control = CMSG_FIRSTHDR(&message.header);
  control->cmsg_level = SOL_SOCKET;
  control->cmsg_type = SCM_RIGHTS;
  control->cmsg_len = CMSG_LEN(sizeof(int));
  const int fd = listener_.get();
  std::memcpy(CMSG_DATA(control), &fd, sizeof(fd));
  static_cast<void>(sendmsg(role_.hand_over, &message.header, MSG_NOSIGNAL));
}

// Its own end closes only after the peer's.
void Server::AskPeersToClose() {
  for (const int fd : connections_) {
    static_cast<void>(send(fd, &kAskToClose, 1, MSG_NOSIGNAL));
  }
  const Deadline deadline(kPeersCloseWithin);
  Events events{};
  while (!connections_.empty() && !deadline.Expired()) {
    const int count = epoll_wait(epoll_.get(), events.data(), kEvents, deadline.PollTimeout());
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<size_t>(i)].data.fd;
      if (connections_.contains(fd)) {
        Answer(fd);
      }
    }
  }
}

void Server::CloseConnections() {
  for (const int fd : connections_) {
    close(fd);
  }
  connections_.clear();
}

void Server::CloseEverything() {
  listener_.Reset();
  if (role_.asks_peers) {
    AskPeersToClose();
  }
  CloseConnections();
  board_->closed_ns = MonotonicNs();
}

}  // namespace

int Serve(Fd listener, const ServerRole& role, Board* board) {
  Server server(std::move(listener), role, board);
  if (!server.Start()) {
    return 1;
  }
  const int signal = server.Run();
  server.CloseEverything();
  if (signal == SIGUSR1) {
    while (true) {
      pause();  // its process is ended by SIGKILL
    }
  }
  return signal == SIGTERM ? 0 : 1;
}

int TakeOverAndServe(const Fd& channel, const ServerRole& role, Board* board) {
  board->asked_ns = MonotonicNs();
  const char ask = '?';
  if (send(channel.get(), &ask, 1, MSG_NOSIGNAL) != 1) {
    return 1;
  }
  DescriptorMessage message;
  if (recvmsg(channel.get(), &message.header, MSG_CMSG_CLOEXEC) != 1) {
    return 1;
  }
  const cmsghdr* control = CMSG_FIRSTHDR(&message.header);
  if (control == nullptr || control->cmsg_type != SCM_RIGHTS) {
    return 1;
  }
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(control), sizeof(fd));
  board->handed_ns = MonotonicNs();
  return Serve(Fd(fd), role, board);
}

}  // namespace lastack

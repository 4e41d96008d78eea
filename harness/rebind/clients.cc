#include "rebind/clients.h"

#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <vector>

#include "base/time.h"
#include "rebind/server.h"
#include "testbed/netns.h"

namespace lastack {
namespace {

constexpr Duration kStreamPeriod = std::chrono::milliseconds(1);
constexpr Duration kPausePoll = std::chrono::microseconds(50);
constexpr int kAnswerWithinMs = 250;     // an unanswered SYN would be sent again after 1 s
constexpr int kAcceptWithinMs = 10'000;  // of a connection that is complete

struct RawAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  [[nodiscard]] const sockaddr* get() const {
    return static_cast<const sockaddr*>(static_cast<const void*>(&storage));
  }
};

RawAddress ToRaw(const SocketAddress& address, int domain) {
  RawAddress raw;
  raw.length = ToSockaddr(address, domain, &raw.storage).value_or(0);
  return raw;
}

// close() resets the connection: nothing is left at either end.
void ResetAtClose(int fd) {
  const linger reset{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
}

// A client of the population; without a deadline, because its server is there.
Fd ConnectFrom(const MeasuringHosts& hosts, int64_t number, const RawAddress& server) {
  const int domain = hosts.client_domain();
  Fd fd(socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  const RawAddress from = ToRaw(hosts.Client(number), domain);
  // An earlier client's TIME-WAIT may have the same port, towards another port of the server.
  if (setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
      bind(fd.get(), from.get(), from.length) != 0 ||
      connect(fd.get(), server.get(), server.length) != 0) {
    fd.Reset();
  }
  return fd;
}

// A client that probes: its port is chosen when it connects.
Fd MakeProbing(const MeasuringHosts& hosts, int flags) {
  const int domain = hosts.client_domain();
  Fd fd(socket(domain, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  const int on = 1;
  setsockopt(fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
  const RawAddress from = ToRaw(hosts.Probing(), domain);
  if (bind(fd.get(), from.get(), from.length) != 0) {
    fd.Reset();
    return fd;
  }
  ResetAtClose(fd.get());
  return fd;
}

bool EnterClientNetwork(const MeasuringHosts& hosts) {
  return setns(hosts.client().get(), CLONE_NEWNET) == 0;
}

bool BecomesReady(int fd, short events, int within_ms) {
  pollfd one{.fd = fd, .events = events, .revents = 0};
  return poll(&one, 1, within_ms) > 0;
}

// Connects, asks and is answered: 0, or what went wrong.
int AskOnce(int fd, const RawAddress& server) {
  if (fd < 0) {
    return EADDRNOTAVAIL;
  }
  if (connect(fd, server.get(), server.length) != 0 && errno != EINPROGRESS) {
    return errno;
  }
  int error = 0;
  socklen_t length = sizeof(error);
  if (!BecomesReady(fd, POLLOUT, kAnswerWithinMs)) {
    return ETIMEDOUT;
  }
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0 || error != 0) {
    return error != 0 ? error : errno;
  }
  char octet = '?';
  if (send(fd, &octet, 1, MSG_NOSIGNAL) != 1) {
    return errno;
  }
  if (!BecomesReady(fd, POLLIN, kAnswerWithinMs)) {
    return ETIMEDOUT;
  }
  const ssize_t size = recv(fd, &octet, 1, 0);
  if (size == 1) {
    return 0;
  }
  return size == 0 ? ECONNRESET : errno;  // closed without an answer
}

void Count(int error, Board* board) {
  ++board->attempts;
  if (error == 0) {
    const int64_t now_ns = MonotonicNs();
    const int64_t before_ns = board->last_served_ns;
    if (before_ns != 0 && now_ns - before_ns > board->longest_gap_ns) {
      board->longest_gap_ns = now_ns - before_ns;
    }
    board->last_served_ns = now_ns;
    ++board->served;
  } else if (error == ETIMEDOUT) {
    ++board->timed_out;
  } else if (error == ECONNREFUSED) {
    ++board->refused;
  } else {
    ++board->reset;
  }
}

void SleepUntil(int64_t at_ns) {
  const timespec until{.tv_sec = at_ns / 1'000'000'000, .tv_nsec = at_ns % 1'000'000'000};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
}

// A holding client that closes its connection when the server asks it to.
void CloseWhenAsked(const std::vector<Fd>& connections) {
  const Fd epoll(epoll_create1(EPOLL_CLOEXEC));
  for (const Fd& fd : connections) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    event.data.fd = fd.get();
    epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd.get(), &event);
  }
  std::array<epoll_event, 64> events{};
  while (true) {
    const int count = epoll_wait(epoll.get(), events.data(), events.size(), -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<size_t>(i)].data.fd;
      char octet = 0;
      if (recv(fd, &octet, 1, MSG_DONTWAIT) == 1 && octet == kAskToClose) {
        shutdown(fd, SHUT_WR);
      }
    }
  }
}

}  // namespace

int MakeAndCloseConnections(const MeasuringHosts& hosts, int listener, const PopulationPlan& plan) {
  if (!EnterClientNetwork(hosts)) {
    return 1;
  }
  const RawAddress server = ToRaw(hosts.Server(plan.port), hosts.client_domain());
  for (int64_t i = 0; i < plan.count; i += plan.step) {
    Fd client = ConnectFrom(hosts, plan.first + i, server);
    if (!client.valid()) {
      return 1;
    }
    char octet = 0;
    if (plan.peer_first) {
      client.Reset();
    }
    // Another child's connection perhaps; there are never fewer connections than accepts.
    Fd accepted;
    while (!accepted.valid()) {
      accepted = Fd(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
      if (!accepted.valid() &&
          (errno != EAGAIN || !BecomesReady(listener, POLLIN, kAcceptWithinMs))) {
        return 1;
      }
    }
    if (plan.peer_first) {
      static_cast<void>(recv(accepted.get(), &octet, 1, 0));  // the peer's FIN
    }
    accepted.Reset();
    if (!plan.peer_first) {
      static_cast<void>(recv(client.get(), &octet, 1, 0));  // the server's FIN or RST
    }
  }
  return 0;
}

int HoldConnections(const MeasuringHosts& hosts, const PopulationPlan& plan, Board* board) {
  if (!EnterClientNetwork(hosts)) {
    return 1;
  }
  const RawAddress server = ToRaw(hosts.Server(plan.port), hosts.client_domain());
  std::vector<Fd> connections;
  for (int64_t i = 0; i < plan.count; i += plan.step) {
    connections.push_back(ConnectFrom(hosts, plan.first + i, server));
    if (!connections.back().valid()) {
      return 1;
    }
    if (!plan.peer_first) {
      ResetAtClose(connections.back().get());
    }
    ++board->holding;
  }
  if (plan.peer_first) {
    CloseWhenAsked(connections);
  }
  while (true) {
    pause();  // until its process is ended
  }
}

int StreamConnections(const MeasuringHosts& hosts, uint16_t port, Board* board) {
  if (!EnterClientNetwork(hosts)) {
    return 1;
  }
  const RawAddress server = ToRaw(hosts.Server(port), hosts.client_domain());
  int64_t next_ns = MonotonicNs();
  while (true) {
    const StreamOrder order = board->order;
    switch (order) {
      case StreamOrder::kStop:
        return 0;
      case StreamOrder::kPause:
        board->paused = true;
        next_ns = MonotonicNs() + kPausePoll.count();
        break;
      case StreamOrder::kRun: {
        board->paused = false;
        next_ns = MonotonicNs() + kStreamPeriod.count();
        Count(AskOnce(MakeProbing(hosts, SOCK_NONBLOCK).get(), server), board);
        break;
      }
    }
    SleepUntil(next_ns);
  }
}

Result<ProbingClient> ProbingClient::Make(const MeasuringHosts& hosts, uint16_t port) {
  Result<Fd> socket = InNetwork(hosts.client(), [&]() -> Result<Fd> {
    Fd fd = MakeProbing(hosts, SOCK_NONBLOCK);
    if (!fd.valid()) {
      return FailErrno("cannot make a client");
    }
    return fd;
  });
  if (!socket) {
    return Fail(socket.error());
  }
  ProbingClient client(std::move(*socket));
  const RawAddress server = ToRaw(hosts.Server(port), hosts.client_domain());
  client.server_ = server.storage;
  client.server_length_ = server.length;
  return client;
}

void ProbingClient::StartAgain() {
  sockaddr nowhere{};
  nowhere.sa_family = AF_UNSPEC;
  connect(socket_.get(), &nowhere, sizeof(nowhere));  // lets the socket connect again
  stage_ = Stage::kIdle;
}

bool ProbingClient::Step(char answer) {
  if (stage_ == Stage::kIdle) {
    const auto* server = static_cast<const sockaddr*>(static_cast<const void*>(&server_));
    if (connect(socket_.get(), server, server_length_) != 0 && errno != EINPROGRESS) {
      StartAgain();
      return false;
    }
    stage_ = Stage::kConnecting;
  }
  char octet = '?';
  if (stage_ == Stage::kConnecting) {
    if (send(socket_.get(), &octet, 1, MSG_NOSIGNAL) == 1) {
      stage_ = Stage::kAsking;
    } else if (errno != EAGAIN) {
      StartAgain();
    }
    return false;
  }
  const ssize_t size = recv(socket_.get(), &octet, 1, 0);
  if (size == 1 && octet == answer) {
    answered_ns_ = MonotonicNs();
    return true;
  }
  if (size >= 0 || errno != EAGAIN) {
    StartAgain();  // reset, closed, or answered by the server that is dying
  }
  return false;
}

}  // namespace lastack

#include "rebind/probing.h"

#include <netinet/in.h>
#include <poll.h>

#include <cerrno>
#include <chrono>
#include <ctime>

#include "base/time.h"
#include "rebind/client_sockets.h"
#include "testbed/netns.h"

namespace lastack {
namespace {

constexpr Duration kStreamPeriod = std::chrono::milliseconds(1);
constexpr Duration kPausePoll = std::chrono::microseconds(50);
constexpr int kAnswerWithinMs = 250;  // an unanswered SYN would be sent again after 1 s

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

}  // namespace

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
  static_cast<void>(
      connect(socket_.get(), &nowhere, sizeof(nowhere)));  // lets the socket connect again
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

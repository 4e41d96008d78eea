#include "rebind/clients.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <thread>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "rebind/child.h"
#include "rebind/client_sockets.h"
#include "rebind/server.h"

namespace lastack {
namespace {

constexpr int kAcceptWithinMs = 10'000;   // of a connection that is complete
constexpr time_t kEndWithinSeconds = 10;  // of the other child's part in it

// A client of the population; without a deadline, because its server is there.
Fd ConnectFrom(const MeasuringHosts& hosts, int64_t number, const RawAddress& server) {
  const int domain = hosts.client_domain();
  Fd fd(socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  const RawAddress from = ToRaw(hosts.Client(number), domain);
  // An earlier client's TIME-WAIT may have the same port, towards another port of the server.
  if (setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
      bind(fd.get(), from.get(), from.length) != 0) {
    return {};
  }
  // Another child may have accepted and reset the connection before connect returns here.
  if (connect(fd.get(), server.get(), server.length) != 0 && errno != ECONNRESET) {
    return {};
  }
  return fd;
}

// Waits for the other end's FIN or RST; false if neither comes.
bool AwaitEnd(int fd) {
  const timeval within{.tv_sec = kEndWithinSeconds, .tv_usec = 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &within, sizeof(within));
  char octet = 0;
  return recv(fd, &octet, 1, 0) >= 0 || errno != EAGAIN;
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
    if (plan.peer_first && !AwaitEnd(accepted.get())) {
      return 1;
    }
    accepted.Reset();
    if (!plan.peer_first && !AwaitEnd(client.get())) {
      return 1;
    }
  }
  return 0;
}

Status BuildTimeWait(const MeasuringHosts& hosts, int listener, const PopulationPlan& plan) {
  const int64_t children = std::clamp<int64_t>(std::thread::hardware_concurrency(), 1, 8);
  std::vector<Child> builders;
  for (int64_t i = 0; i < children; ++i) {
    PopulationPlan part = plan;
    part.first = plan.first + i;
    part.count = std::max<int64_t>(0, plan.count - i);
    part.step = children;
    Result<Child> child = Child::Fork({hosts.client().get(), listener}, [&] {
      return MakeAndCloseConnections(hosts, listener, part);
    });
    if (!child) {
      return Fail(child.error());
    }
    builders.push_back(std::move(*child));
  }
  bool done = true;
  for (Child& builder : builders) {
    done = builder.Wait() && done;
  }
  return done ? Status{} : Status(Fail(ErrorKind::kSystem, "cannot make the connections"));
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

}  // namespace lastack

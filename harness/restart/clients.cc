#include "restart/clients.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <utility>

#include "base/errno_name.h"
#include "restart/client_socket.h"
#include "testbed/netns.h"

namespace lastack {
namespace {

// The accept queue was full, and a second SYN would be dropped, too.
constexpr Duration kConnectWithin = std::chrono::milliseconds(800);
constexpr Duration kRetryAfter = std::chrono::milliseconds(10);

}  // namespace

Result<std::unique_ptr<Clients>> Clients::Open(const ClientsPlan& plan) {
  std::unique_ptr<Clients> clients(new Clients(plan));
  const Result<int> error = InNetwork(*plan.network, [&]() -> Result<int> {
    for (int number = 0; number < plan.count; ++number) {
      plan.await_room();
      Connecting connecting = BeginConnect(plan.target);
      const int failed = connecting.error != 0
                             ? connecting.error
                             : FinishConnect(connecting.socket, Deadline(kConnectWithin));
      if (failed != 0) {
        return failed;
      }
      clients->clients_.emplace_back().socket = std::move(connecting.socket);
    }
    return 0;
  });
  if (!error) {
    return Fail(error.error());
  }
  if (clients->clients_.empty() && plan.count > 0) {
    return Fail(SystemError("cannot connect to the server at " + ToString(plan.target),
                            *error == EINPROGRESS ? ETIMEDOUT : *error));
  }
  return clients;
}

Clients::~Clients() {
  static_cast<void>(Stop());
}

void Clients::SendRequest(const std::string& bytes) {
  for (const Client& client : clients_) {
    static_cast<void>(
        send(client.socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
  }
}

Status Clients::Watch() {
  epoll_.Reset(epoll_create1(EPOLL_CLOEXEC));
  wake_.Reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!epoll_.valid() || !wake_.valid()) {
    return FailErrno("cannot watch the clients' connections");
  }
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event);
  for (Client& client : clients_) {
    Register(&client);
  }
  thread_ = std::thread([this] {
    // In the clients' network, to connect again.
    static_cast<void>(InNetwork(*plan_.network, [this]() -> Status {
      Serve();
      return {};
    }));
  });
  return {};
}

ClientsSeen Clients::Stop() {
  if (thread_.joinable()) {
    stop_ = true;
    eventfd_write(wake_.get(), 1);
    thread_.join();
  }
  return seen_;
}

void Clients::Serve() {
  std::array<epoll_event, 64> events{};
  while (!stop_) {
    const int timeout =
        plan_.when_over == ClientsDo::kReconnect
            ? static_cast<int>(
                  std::chrono::duration_cast<std::chrono::milliseconds>(kRetryAfter).count())
            : -1;
    const int count = epoll_wait(epoll_.get(), events.data(), events.size(), timeout);
    for (int i = 0; i < count; ++i) {
      if (auto* client = static_cast<Client*>(events[static_cast<size_t>(i)].data.ptr)) {
        OnEvent(client);
      }
    }
    if (plan_.when_over == ClientsDo::kReconnect) {
      const int64_t now_ns = MonotonicNs();
      for (Client& client : clients_) {
        if (client.again_ns != 0 && client.again_ns <= now_ns) {
          ConnectAgain(&client);
        }
      }
    }
  }
}

void Clients::Register(Client* client) {
  epoll_event event{.events = client->connecting ? EPOLLOUT : EPOLLIN, .data = {.ptr = client}};
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, client->socket.get(), &event);
}

void Clients::OnEvent(Client* client) {
  if (client->connecting) {
    return OnConnected(client);
  }
  std::array<char, 16384> bytes;  // NOLINT(*-member-init): written by recv
  const ssize_t got = recv(client->socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
    OnOver(client, got < 0);
  }
}

void Clients::OnOver(Client* client, bool reset) {
  ++(reset ? seen_.reset : seen_.end_of_file);
  client->over_ns = MonotonicNs();
  switch (plan_.when_over) {
    case ClientsDo::kHold:
      epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, client->socket.get(), nullptr);
      return;
    case ClientsDo::kClose:
      client->socket.Reset();
      return;
    case ClientsDo::kReconnect:
      client->socket.Reset();
      ConnectAgain(client);
      return;
  }
}

void Clients::ConnectAgain(Client* client) {
  Connecting connecting = BeginConnect(plan_.target);
  client->again_ns = 0;
  if (connecting.error != 0) {
    ++seen_.refused;
    client->again_ns = MonotonicNs() + kRetryAfter.count();
    return;
  }
  client->socket = std::move(connecting.socket);
  client->connecting = true;
  Register(client);
}

void Clients::OnConnected(Client* client) {
  client->connecting = false;
  if (FinishConnect(client->socket, Deadline(Duration(0))) != 0) {
    ++seen_.refused;
    client->socket.Reset();
    client->again_ns = MonotonicNs() + kRetryAfter.count();
    return;
  }
  ++seen_.reconnected;
  seen_.longest_gap = std::max(seen_.longest_gap, Duration(MonotonicNs() - client->over_ns));
  epoll_event event{.events = EPOLLIN, .data = {.ptr = client}};
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, client->socket.get(), &event);
}

}  // namespace lastack

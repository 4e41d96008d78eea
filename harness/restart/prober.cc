#include "restart/prober.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

#include <algorithm>
#include <chrono>

#include "testbed/netns.h"

namespace lastack {
namespace {

constexpr Duration kSpin = std::chrono::milliseconds(1);
constexpr Duration kShortPause = std::chrono::microseconds(20);
constexpr Duration kLongAfter = std::chrono::seconds(2);
constexpr Duration kLongPause = std::chrono::milliseconds(1);
constexpr int kStopLookMs = 20;  // how soon Stop is noticed

}  // namespace

void Prober::Start() {
  thread_ = std::thread([this] {
    if (const Status status = Run(); !status) {
      problem_ = status.error().message;
    }
  });
}

void Prober::Stop() {
  stop_ = true;
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Prober::Wake() const {
  eventfd_write(plan_.wake_fd, 1);
}

Status Prober::Run() {
  prctl(PR_SET_TIMERSLACK, 1);  // NOLINT(*-vararg): pauses are as long as they say
  Result<PortSockets> server = InNetwork(*plan_.server_network, PortSockets::Open);
  if (!server) {
    return Fail(server.error());
  }
  return InNetwork(*plan_.client_network, [&]() -> Status {
    if (!AwaitDeath()) {
      return {};
    }
    while (!stop_) {
      attempting_ = NewListener(&*server);
      served_ = attempting_ && AwaitService(&*server);
      attempting_ = false;
      if (served_) {
        Wake();
        return {};
      }
      Pause();
    }
    return {};
  });
}

bool Prober::AwaitDeath() {
  for (const Fd& process : *plan_.dying) {
    pollfd ended{.fd = process.get(), .events = POLLIN, .revents = 0};
    while (poll(&ended, 1, kStopLookMs) <= 0) {
      if (stop_) {
        return false;
      }
    }
  }
  death_ns_ = MonotonicNs();
  Wake();
  return true;
}

void Prober::Pause() const {
  const Duration since(MonotonicNs() - death_ns_);
  if (since > kSpin) {
    std::this_thread::sleep_for(since > kLongAfter ? kLongPause : kShortPause);
  }
}

// A listener that was there before the death does not count: some process that outlived it holds
// that. It may hide a new one of its SO_REUSEPORT group.
bool Prober::NewListener(PortSockets* server) {
  const auto is_new = [&](const PortSocket& socket) {
    return socket.state == State::kListen && !plan_.old_listeners.contains(socket.cookie);
  };
  const auto found = server->ListenerFor(plan_.wanted.target);
  bool there = found && *found && is_new(**found);
  if (found && *found && !there) {
    const auto all = server->On(plan_.wanted.target.port);
    there = all && std::any_of(all->begin(), all->end(), is_new);
  }
  if (there && result_.listen_ns == 0) {
    result_.listen_ns = MonotonicNs();
  }
  if (!there) {
    result_.listen_ns = 0;  // that start has failed after it had listened
  }
  return there;
}

bool Prober::AwaitService(PortSockets* server) {
  const ServiceAttempt attempt = TryService(plan_.wanted, server, stop_);
  result_.connected_ns = attempt.connected_ns;
  result_.accepted_ns = attempt.accepted_ns;
  result_.answered_ns = attempt.answered_ns;
  problem_ = attempt.error;
  if (!attempt.served) {
    return false;
  }
  if (plan_.wanted.ready.kind == Ready::Kind::kLine) {
    while (line_ns_ == 0 && !stop_) {
      Pause();
    }
    result_.answered_ns = line_ns_;
  }
  result_.served_ns = std::max({result_.connected_ns, result_.accepted_ns, result_.answered_ns});
  return !stop_;
}

}  // namespace lastack

#include "host/rebind.h"

#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

#include "host/as_user.h"

namespace lastack {
namespace {

// One attempt after the other for a millisecond, then with pauses: the latency stays exact where it
// is short, and one processor is not taken away from the peer whose end is waited for where it is
// long.
constexpr Duration kSpin = std::chrono::milliseconds(1);
constexpr Duration kPause = std::chrono::microseconds(30);

// One attempt; `end_ns` is when its last call returned. The socket is closed after that.
void Attempt(const RebindRequest& request, RebindOutcome* outcome) {
  const auto finish = [outcome](int error, const char* call) {
    outcome->error = error;
    outcome->failed_call = error == 0 ? "" : call;
    outcome->t1_ns = MonotonicNs();
  };
  const int domain = SocketDomain(request.family);
  const Fd fd(socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) {
    return finish(errno, "socket");
  }
  for (const SocketOption& option : request.options) {
    if (const int error = SetOption(fd.get(), option); error != 0) {
      return finish(error, "setsockopt");
    }
  }
  sockaddr_storage address{};
  const auto length = ToSockaddr(request.address, domain, &address);
  const auto* generic = static_cast<const sockaddr*>(static_cast<const void*>(&address));
  if (!length) {
    return finish(EAFNOSUPPORT, "bind");
  }
  if (bind(fd.get(), generic, *length) != 0) {
    return finish(errno, "bind");
  }
  return finish(listen(fd.get(), SOMAXCONN) == 0 ? 0 : errno, "listen");
}

void Pause(const Duration since_start) {
  if (since_start > kSpin) {
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace

Result<RebindOutcome> Rebind(const RebindRequest& request) {
  if (!request.user.empty()) {
    if (const Status status = BecomeUser(request.user); !status) {
      return Fail(status.error());
    }
  }
  prctl(PR_SET_TIMERSLACK, 1);  // NOLINT(*-vararg): this thread's pauses are as long as they say
  RebindOutcome outcome;
  outcome.t0_ns = MonotonicNs();
  bool again = true;
  while (again) {
    ++outcome.attempts;
    Attempt(request, &outcome);
    outcome.latency = Duration(outcome.t1_ns - outcome.t0_ns);
    again = request.until_ok && outcome.error != 0 && outcome.latency < request.within;
    if (again) {
      Pause(outcome.latency);
    }
  }
  return outcome;
}

Result<Rebinds> Rebinds::Create() {
  Rebinds rebinds;
  rebinds.shared_->done = Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!rebinds.shared_->done.valid()) {
    return FailErrno("cannot make an eventfd");
  }
  return rebinds;
}

Rebinds::~Rebinds() {
  for (auto& [id, thread] : threads_) {
    thread.join();
  }
}

void Rebinds::Start(const RebindRequest& request) {
  threads_[request.id] = std::thread([shared = shared_.get(), request] {
    Result<RebindOutcome> outcome = Rebind(request);
    const std::lock_guard lock(shared->mutex);
    shared->outcomes.emplace_back(request.id, std::move(outcome));
    eventfd_write(shared->done.get(), 1);
  });
}

std::vector<std::pair<int64_t, Result<RebindOutcome>>> Rebinds::Collect() {
  eventfd_t count = 0;
  eventfd_read(shared_->done.get(), &count);
  std::vector<std::pair<int64_t, Result<RebindOutcome>>> outcomes;
  {
    const std::lock_guard lock(shared_->mutex);
    outcomes.swap(shared_->outcomes);
  }
  for (const auto& [id, outcome] : outcomes) {
    const auto thread = threads_.find(id);
    thread->second.join();
    threads_.erase(thread);
  }
  return outcomes;
}

}  // namespace lastack

#include "peer/peer.h"

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <thread>

#include "base/time.h"
#include "peer/calls.h"
#include "peer/messages.h"

namespace lastack {
namespace {

bool Fits(size_t count, Takes takes) {
  switch (takes) {
    case Takes::kNone:
      return true;  // unknown keys are ignored
    case Takes::kOne:
      return count == 1;
    case Takes::kMany:
      return count >= 1;
    case Takes::kOneOrNone:
      return count <= 1;
  }
  return false;
}

// Checks all that can be wrong with a request before the first system call, and looks up its
// endpoints.
Result<std::vector<NamedSocket>> Resolve(const CallInfo& info,
                                         const Request& request,
                                         const Sockets& sockets) {
  // A call that takes either has no use for `as` when there is `on`.
  const bool on_instead_of_as = info.on == Takes::kOneOrNone && !request.on.empty();
  if (!Fits(request.on.size(), info.on)) {
    return Fail(ErrorKind::kSystem, "wrong number of endpoints in \"on\" of " + request.call);
  }
  if (!on_instead_of_as &&
      (!Fits(request.as.size(), info.as) || (info.on == Takes::kOneOrNone && request.as.empty()))) {
    return Fail(ErrorKind::kSystem, "wrong number of names in \"as\" of " + request.call);
  }
  if (request.call == "connect" && !request.to) {
    return Fail(ErrorKind::kSystem, "connect without \"to\"");
  }
  std::vector<NamedSocket> found;
  if (info.on == Takes::kNone) {
    return found;
  }
  found.reserve(request.on.size());
  for (const std::string& name : request.on) {
    SocketPtr socket = sockets.Find(name);
    if (!socket) {
      return Fail(ErrorKind::kSystem, "there is no endpoint " + name);
    }
    found.push_back({name, std::move(socket)});
  }
  return found;
}

class Server {
 public:
  explicit Server(Fd control) : state_(std::move(control)), control_thread_(pthread_self()) {}

  [[noreturn]] void Run();

 private:
  void Handle(const std::string& line);
  void Carry(const CallInfo& info, const CallContext& call);
  void StartThread(const CallInfo& info, const CallContext& call);
  void Wait();
  void TerminateGracefully();

  PeerState state_;
  pthread_t control_thread_;
  std::vector<NamedSocket> lingering_;  // graceful: connections whose end of file has not come
};

void Server::Run() {
  state_.control.Write(HelloLine(getpid()));
  while (true) {
    Wait();
    while (const std::optional<std::string> line = state_.control.NextLine()) {
      Handle(*line);
    }
    if (TermRequested()) {
      TerminateGracefully();
    }
  }
}

// Until there are requests, or something to do about SIGTERM.
void Server::Wait() {
  std::vector<pollfd> polled{{state_.control.Descriptor(), POLLIN, 0}};
  for (const NamedSocket& named : lingering_) {
    polled.push_back({named.socket->fd, POLLIN | POLLRDHUP, 0});
  }
  const int ready = ppoll(polled.data(), polled.size(), nullptr, &WaitMask());
  if (ready > 0 && polled.front().revents != 0 && !state_.control.Read()) {
    _exit(0);
  }
}

void Server::Handle(const std::string& line) {
  Result<Request> request = ParseRequest(line);
  if (!request) {
    state_.control.Write(FailedLine(IdOfRequest(line), request.error().message));
    return;
  }
  const CallInfo* info = FindCall(request->call);
  if (info == nullptr) {
    state_.control.Write(FailedLine(request->id, "unknown call " + request->call));
    return;
  }
  Result<std::vector<NamedSocket>> on = Resolve(*info, *request, state_.sockets);
  if (!on) {
    state_.control.Write(FailedLine(request->id, on.error().message));
    return;
  }
  const CallContext call{&state_, std::move(*request), std::move(*on)};
  if (call.request.call == "close") {
    for (const NamedSocket& named : call.on) {
      state_.sockets.Remove(named);  // from here on no other call finds it
    }
  }
  state_.control.Write(StartedLine(call.request.id, MonotonicNs()));
  switch (info->runs_on) {
    case RunsOn::kControlThread:
      Carry(*info, call);
      break;
    case RunsOn::kOwnThread:
      StartThread(*info, call);
      break;
  }
}

void Server::Carry(const CallInfo& info, const CallContext& call) {
  if (const std::optional<CallResults> results = info.function(call)) {
    state_.control.Write(FinishedLine(call.request.id, MonotonicNs(), *results));
  }
}

void Server::StartThread(const CallInfo& info, const CallContext& call) {
  ++state_.running;
  try {
    std::thread([this, &info, call] {
      Carry(info, call);
      --state_.running;
      if (TermRequested()) {
        // Ends its ppoll: this may have been the last call. SIGTERM has a handler there.
        pthread_kill(control_thread_, SIGTERM);  // NOLINT(bugprone-bad-signal-to-kill-thread)
      }
    }).detach();
  } catch (const std::system_error& error) {
    --state_.running;
    state_.control.Write(
        FailedLine(call.request.id, std::string("cannot start a thread: ") + error.what()));
  }
}

void Server::TerminateGracefully() {
  state_.sockets.StopListening();
  lingering_ = CloseFinished(&state_.sockets);
  // In this order: a call that is still running may make a connection until it has finished.
  if (state_.running == 0 && state_.sockets.All().empty()) {
    _exit(0);
  }
}

}  // namespace

void ServePeer(Fd control, TermMode mode) {
  InstallSignals(mode);
  Server(std::move(control)).Run();
}

}  // namespace lastack

// The calls that make sockets: bind, listen, connect, accept, dup.
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/errno_name.h"
#include "base/time.h"
#include "peer/calls.h"

namespace lastack {
namespace {

struct Sockaddr {
  sockaddr_storage storage{};
  socklen_t length = 0;  // 0: the text is no address of the family

  Sockaddr(const std::optional<SocketAddress>& address, Family family) {
    if (address) {
      length = ToSockaddr(*address, SocketDomain(family), &storage).value_or(0);
    }
  }
  [[nodiscard]] const sockaddr* Get() const {
    return reinterpret_cast<const sockaddr*>(&storage);  // NOLINT(*-reinterpret-cast)
  }
};

void SetError(CallResult* result, int errno_value, const char* failed_call) {
  result->error = ErrnoName(errno_value);
  result->failed_call = failed_call;
}

// socket(2), the options, and the name. Null, with the error in `result`, if one of them fails.
SocketPtr Open(const CallContext& call, CallResult* result) {
  const Family family = call.request.family;
  const int fd = ::socket(SocketDomain(family), SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    SetError(result, errno, "socket");
    return nullptr;
  }
  auto socket = std::make_shared<Socket>(fd, family);
  for (const SocketOption& option : call.request.options) {
    if (const int error = SetOption(fd, option); error != 0) {
      SetError(result, error, "setsockopt");
      CloseSocket(socket.get());
      return nullptr;
    }
  }
  // It has its name from now on: another call may close it while this one is blocked in connect.
  if (!call.peer->sockets.Insert(result->name, socket)) {
    SetError(result, EEXIST, "socket");
    CloseSocket(socket.get());
    return nullptr;
  }
  return socket;
}

// What a failed call made is closed again, unless another call has done so.
void Discard(const CallContext& call, const NamedSocket& named) {
  if (call.peer->sockets.Remove(named)) {
    CloseSocket(named.socket.get());
  }
}

bool Bind(const CallContext& call, const SocketPtr& socket, CallResult* result) {
  const Sockaddr address(call.request.address, call.request.family);
  if (::bind(socket->fd, address.Get(), address.length) != 0) {
    SetError(result, errno, "bind");
    return false;
  }
  return true;
}

bool Listen(const CallContext& call, const SocketPtr& socket, CallResult* result) {
  if (::listen(socket->fd, call.request.backlog) != 0) {
    SetError(result, errno, "listen");
    return false;
  }
  return true;
}

// A fresh socket, bound; then `last`, if there is one.
CallResult OpenAndBind(const CallContext& call,
                       bool (*last)(const CallContext&, const SocketPtr&, CallResult*)) {
  CallResult result;
  result.name = call.request.as.front();
  result.t0_ns = MonotonicNs();
  const NamedSocket named{result.name, Open(call, &result)};
  const bool done = named.socket && Bind(call, named.socket, &result) &&
                    (last == nullptr || last(call, named.socket, &result));
  result.t1_ns = MonotonicNs();
  if (done) {
    result.value = 0;
    result.socket = Describe(named);
  } else if (named.socket) {
    Discard(call, named);
  }
  return result;
}

// connect(2), timed alone.
int Connect(const CallContext& call, const NamedSocket& named, CallResult* result) {
  const Sockaddr to(call.request.to, named.socket->family);
  const int fd = named.socket->fd;
  result->t0_ns = MonotonicNs();
  const int error = ::connect(fd, to.Get(), to.length) == 0 ? 0 : errno;
  result->t1_ns = MonotonicNs();
  if (error == 0) {
    result->value = 0;
  } else {
    SetError(result, error, "connect");
  }
  // After EINPROGRESS (SO_SNDTIMEO) the socket stays in SYN-SENT, and its remote address is the one
  // asked for.
  if (error == 0 || error == EINPROGRESS) {
    *named.socket->received = 0;
    result->socket = Describe(named);
    result->socket->remote = result->socket->remote.value_or(*call.request.to);
  }
  return error;
}

CallResult OpenAndConnect(const CallContext& call, const std::string& name) {
  CallResult result;
  result.name = name;
  result.t0_ns = MonotonicNs();
  const NamedSocket named{name, Open(call, &result)};
  if (!named.socket) {
    result.t1_ns = MonotonicNs();
    return result;
  }
  if (call.request.address && !Bind(call, named.socket, &result)) {
    result.t1_ns = MonotonicNs();
    Discard(call, named);
    return result;
  }
  if (const int error = Connect(call, named, &result); error != 0 && error != EINPROGRESS) {
    Discard(call, named);
  }
  return result;
}

CallResult Accept(const CallContext& call, const SocketPtr& listener, const std::string& name) {
  CallResult result;
  result.name = name;
  result.t0_ns = MonotonicNs();
  const int fd = accept4(listener->fd, nullptr, nullptr, SOCK_CLOEXEC);
  const int error = errno;
  result.t1_ns = MonotonicNs();
  if (fd < 0) {
    result.error = ErrnoName(error);
    return result;
  }
  const NamedSocket named{name, std::make_shared<Socket>(fd, FamilyOfSocket(fd))};
  if (!call.peer->sockets.Insert(name, named.socket)) {
    result.error = ErrnoName(EEXIST);
    CloseSocket(named.socket.get());
    return result;
  }
  result.value = 0;
  result.socket = Describe(named);
  return result;
}

}  // namespace

std::optional<CallResults> CallBind(const CallContext& call) {
  return CallResults{OpenAndBind(call, nullptr)};
}

std::optional<CallResults> CallListen(const CallContext& call) {
  if (call.on.empty()) {
    return CallResults{OpenAndBind(call, Listen)};
  }
  const NamedSocket& bound = call.on.front();
  CallResult result;
  result.name = bound.name;
  result.t0_ns = MonotonicNs();
  const bool done = Listen(call, bound.socket, &result);
  result.t1_ns = MonotonicNs();
  if (done) {
    result.value = 0;
    result.socket = Describe(bound);
  }
  return CallResults{result};
}

std::optional<CallResults> CallConnect(const CallContext& call) {
  CallResults results;
  for (const NamedSocket& bound : call.on) {
    results.emplace_back().name = bound.name;
    Connect(call, bound, &results.back());
  }
  if (call.on.empty()) {
    for (const std::string& name : call.request.as) {
      results.push_back(OpenAndConnect(call, name));
    }
  }
  return results;
}

std::optional<CallResults> CallAccept(const CallContext& call) {
  const Sockets::Accepting accepting(&call.peer->sockets);
  CallResults results;
  for (const std::string& name : call.request.as) {
    results.push_back(Accept(call, call.on.front().socket, name));
  }
  return results;
}

std::optional<CallResults> CallDup(const CallContext& call) {
  const SocketPtr& original = call.on.front().socket;
  CallResult result;
  result.name = call.request.as.front();
  result.t0_ns = MonotonicNs();
  const int fd = fcntl(original->fd, F_DUPFD_CLOEXEC, 0);  // NOLINT(*-vararg)
  const int error = errno;
  result.t1_ns = MonotonicNs();
  if (fd < 0) {
    result.error = ErrnoName(error);
    return CallResults{result};
  }
  const NamedSocket named{result.name, std::make_shared<Socket>(fd, original->family)};
  named.socket->received = original->received;
  if (!call.peer->sockets.Insert(named.name, named.socket)) {
    result.error = ErrnoName(EEXIST);
    CloseSocket(named.socket.get());
    return CallResults{result};
  }
  result.value = 0;
  result.socket = Describe(named);
  return CallResults{result};
}

}  // namespace lastack

// The calls that end a connection or change a socket: shutdown, close, disconnect, set, get.
#include <sys/socket.h>

#include <cerrno>

#include "base/errno_name.h"
#include "base/time.h"
#include "peer/calls.h"

namespace lastack {
namespace {

// Goes through the endpoints in order: times `operation`, which returns 0 or an errno, on each.
template <typename Operation>
CallResults ForEach(const CallContext& call, Operation operation) {
  CallResults results;
  results.reserve(call.on.size());
  for (const NamedSocket& named : call.on) {
    CallResult& result = results.emplace_back();
    result.name = named.name;
    result.t0_ns = MonotonicNs();
    const int error = operation(named.socket.get(), &result);
    result.t1_ns = MonotonicNs();
    if (error != 0) {
      result.error = ErrnoName(error);
    } else if (!result.value) {
      result.value = 0;
    }
  }
  return results;
}

// -1, which gives EINVAL, for any other text.
int HowFromString(std::string_view how) {
  if (how == "rd") {
    return SHUT_RD;
  }
  if (how == "wr") {
    return SHUT_WR;
  }
  return how == "rdwr" ? SHUT_RDWR : -1;
}

}  // namespace

std::optional<CallResults> CallShutdown(const CallContext& call) {
  const int how = HowFromString(call.request.how);
  return ForEach(call, [how](Socket* socket, CallResult* /*result*/) {
    return shutdown(socket->fd, how) == 0 ? 0 : errno;
  });
}

std::optional<CallResults> CallClose(const CallContext& call) {
  return ForEach(call, [](Socket* socket, CallResult* /*result*/) { return CloseSocket(socket); });
}

std::optional<CallResults> CallDisconnect(const CallContext& call) {
  return ForEach(call, [](Socket* socket, CallResult* /*result*/) {
    sockaddr nobody{};
    nobody.sa_family = AF_UNSPEC;
    *socket->received = 0;
    return connect(socket->fd, &nobody, sizeof(nobody)) == 0 ? 0 : errno;
  });
}

std::optional<CallResults> CallSet(const CallContext& call) {
  return ForEach(call, [&call](Socket* socket, CallResult* /*result*/) {
    for (const SocketOption& option : call.request.options) {
      if (const int error = SetOption(socket->fd, option); error != 0) {
        return error;
      }
    }
    return 0;
  });
}

std::optional<CallResults> CallGet(const CallContext& call) {
  return ForEach(call, [&call](Socket* socket, CallResult* result) {
    SocketOption option;
    const int error = GetOption(socket->fd, call.request.option, &option);
    if (error == 0) {
      result->value = option.value;
      if (option.name == "SO_LINGER") {
        result->seconds = option.seconds;
      }
    }
    return error;
  });
}

}  // namespace lastack

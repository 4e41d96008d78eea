// The calls that move bytes or wait for them: poll, send, recv.
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>

#include "base/errno_name.h"
#include "base/time.h"
#include "peer/calls.h"
#include "peer/pattern.h"

namespace lastack {
namespace {

constexpr int64_t kMaxSend = 1 << 20;  // bytes of one send(2)
constexpr size_t kMaxReceive = 65536;  // bytes of one recv(2)
constexpr int kFullAfterMs = 20;       // docs/protocols.md: full is what takes nothing for so long
constexpr int64_t kNsPerSecond = 1'000'000'000;

struct PollEvent {
  std::string_view name;
  short bit;
};
constexpr std::array kPollEvents = {PollEvent{"in", POLLIN},
                                    PollEvent{"out", POLLOUT},
                                    PollEvent{"rdhup", POLLRDHUP},
                                    PollEvent{"err", POLLERR},
                                    PollEvent{"hup", POLLHUP},
                                    PollEvent{"nval", POLLNVAL}};

short EventBits(const std::vector<std::string>& names) {
  int bits = 0;
  for (const PollEvent& event : kPollEvents) {
    if (std::find(names.begin(), names.end(), event.name) != names.end()) {
      bits |= event.bit;
    }
  }
  return static_cast<short>(bits);
}

std::vector<std::string> EventNames(int bits) {
  std::vector<std::string> names;
  for (const PollEvent& event : kPollEvents) {
    if ((bits & event.bit) != 0) {
      names.emplace_back(event.name);
    }
  }
  return names;
}

// Sends once. Adds what was taken to `result->value`; returns 0 or an errno.
int SendOnce(int fd, int64_t size, int flags, CallResult* result) {
  const std::vector<uint8_t> bytes =
      PatternBytes(SentBytes(fd), static_cast<size_t>(std::min(size, kMaxSend)));
  if (result->t0_ns == 0) {
    result->t0_ns = MonotonicNs();
  }
  const ssize_t sent = send(fd, bytes.data(), bytes.size(), flags);
  const int error = sent < 0 ? errno : 0;
  result->t1_ns = MonotonicNs();
  result->value = result->value.value_or(0) + std::max<ssize_t>(sent, 0);
  return error;
}

int SendAll(const CallContext& call, int fd, CallResult* result) {
  const int64_t size = call.request.bytes.value_or(0);
  const int flags = call.request.more ? MSG_MORE : 0;
  int error = 0;
  do {
    error = SendOnce(fd, size - result->value.value_or(0), flags, result);
  } while (error == 0 && *result->value < size);
  return error;
}

// Whether nothing became writable for kFullAfterMs.
bool StaysFull(int fd) {
  pollfd writable{fd, POLLOUT, 0};
  return poll(&writable, 1, kFullAfterMs) == 0;
}

int SendUntilFull(int fd, CallResult* result) {
  while (true) {
    int error = SendOnce(fd, kMaxSend, MSG_DONTWAIT, result);
    // POLLOUT comes only at a third of free space; a last try takes what fits below it.
    if (error == EAGAIN && StaysFull(fd)) {
      error = SendOnce(fd, kMaxSend, MSG_DONTWAIT, result);
      if (error == EAGAIN) {
        return 0;
      }
    }
    if (error != 0 && error != EAGAIN) {
      return error;
    }
  }
}

// Checks what was read against the pattern; returns 0 or EBADMSG.
int Check(Socket* socket, const uint8_t* data, size_t size) {
  int64_t offset = *socket->received;
  if (offset == kUnknownOffset && size > 0) {
    offset = data[0];  // modulo the pattern's period, which is all that matters
  }
  if (!MatchesPattern(offset, data, size)) {
    return EBADMSG;
  }
  if (size > 0) {
    *socket->received = offset + static_cast<int64_t>(size);
  }
  return 0;
}

// Receives once, at most `size` bytes. Returns 0 or an errno; the end of file sets `result->eof`.
int ReceiveOnce(Socket* socket, size_t size, CallResult* result) {
  std::array<uint8_t, kMaxReceive> bytes;  // NOLINT(*-member-init): recv fills it
  if (result->t0_ns == 0) {
    result->t0_ns = MonotonicNs();
  }
  const ssize_t received = recv(socket->fd, bytes.data(), std::min(size, bytes.size()), 0);
  const int error = received < 0 ? errno : 0;
  result->t1_ns = MonotonicNs();
  if (error != 0) {
    return error;
  }
  result->value = result->value.value_or(0) + received;
  result->eof = received == 0 && size > 0;
  return Check(socket, bytes.data(), static_cast<size_t>(received));
}

int Receive(const CallContext& call, Socket* socket, CallResult* result) {
  const auto wanted = [&]() -> size_t {
    const int64_t left = call.request.bytes.value_or(INT64_MAX) - result->value.value_or(0);
    return static_cast<size_t>(left);
  };
  const bool once = !call.request.until_eof && !call.request.bytes;
  int error = 0;
  do {
    error = ReceiveOnce(socket, wanted(), result);
  } while (error == 0 && !once && !result->eof && wanted() > 0);
  return error;
}

void SetOutcome(int error, CallResult* result) {
  if (error != 0) {
    result->error = ErrnoName(error);
    if (result->value == 0) {
      result->value.reset();  // a plain error: no bytes were moved before it
    }
  }
}

}  // namespace

std::optional<CallResults> CallPoll(const CallContext& call) {
  std::vector<pollfd> polled;
  for (const NamedSocket& named : call.on) {
    polled.push_back({named.socket->fd, EventBits(call.request.events), 0});
  }
  const int64_t timeout_ns = call.request.timeout.value_or(Duration()).count();
  const timespec timeout{timeout_ns / kNsPerSecond, timeout_ns % kNsPerSecond};
  const timespec* const limit = call.request.timeout ? &timeout : nullptr;
  const int64_t t0_ns = MonotonicNs();
  const int ready = ppoll(polled.data(), polled.size(), limit, nullptr);
  const int error = errno;
  const int64_t t1_ns = MonotonicNs();
  CallResults results;
  for (size_t i = 0; i < polled.size(); ++i) {
    CallResult& result = results.emplace_back();
    result.name = call.on[i].name;
    result.t0_ns = t0_ns;
    result.t1_ns = t1_ns;
    if (ready < 0) {
      result.error = ErrnoName(error);
    } else {
      result.value = ready;
      result.events = EventNames(polled[i].revents);
    }
  }
  return results;
}

std::optional<CallResults> CallSend(const CallContext& call) {
  CallResults results;
  for (const NamedSocket& named : call.on) {
    CallResult& result = results.emplace_back();
    result.name = named.name;
    SetOutcome(call.request.until_full ? SendUntilFull(named.socket->fd, &result)
                                       : SendAll(call, named.socket->fd, &result),
               &result);
  }
  return results;
}

std::optional<CallResults> CallRecv(const CallContext& call) {
  CallResults results;
  for (const NamedSocket& named : call.on) {
    CallResult& result = results.emplace_back();
    result.name = named.name;
    SetOutcome(Receive(call, named.socket.get(), &result), &result);
  }
  return results;
}

}  // namespace lastack

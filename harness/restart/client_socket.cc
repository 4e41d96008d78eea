#include "restart/client_socket.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <thread>

#include "base/errno_name.h"

namespace lastack {
namespace {

// Looking whether a connection is accepted: at once again for a millisecond, then with pauses.
constexpr Duration kSpin = std::chrono::milliseconds(1);
constexpr Duration kPause = std::chrono::microseconds(50);
constexpr Duration kSlice = std::chrono::milliseconds(20);  // how soon `stop` is noticed
constexpr int kLastGoodStatus = 399;

int DomainOf(const SocketAddress& address) {
  return address.address.find(':') == std::string::npos ? AF_INET : AF_INET6;
}

std::string RequestText(const ServiceWanted& wanted) {
  if (wanted.ready.kind == Ready::Kind::kHttp) {
    return "GET " + wanted.ready.text + " HTTP/1.1\r\nHost: " + ToString(wanted.target) +
           "\r\nConnection: close\r\n\r\n";
  }
  return wanted.request;
}

// What came on a socket: bytes, or how it ended.
struct Received {
  std::string bytes;
  bool end_of_file = false;
  int error = 0;
};
Received ReceiveWithin(const Fd& socket, Duration wait) {
  pollfd readable{.fd = socket.get(), .events = POLLIN, .revents = 0};
  const timespec timeout{wait.count() / 1'000'000'000, wait.count() % 1'000'000'000};
  Received received;
  if (ppoll(&readable, 1, &timeout, nullptr) <= 0) {
    return received;
  }
  std::array<char, 4096> bytes;  // NOLINT(*-member-init): written by recv
  const ssize_t got = recv(socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (got > 0) {
    received.bytes.assign(bytes.data(), static_cast<size_t>(got));
  } else if (got == 0) {
    received.end_of_file = true;
  } else if (errno != EAGAIN && errno != EINTR) {
    received.error = errno;
  }
  return received;
}

// The server has taken the connection: its socket has a file. One that sends end of file has been
// taken, too; those that nobody took are reset.
void AwaitAccept(const ServiceWanted& wanted,
                 PortSockets* server,
                 const std::atomic<bool>& stop,
                 ServiceAttempt* attempt) {
  const SocketAddress own = LocalAddress(attempt->socket);
  const int64_t begin_ns = MonotonicNs();
  while (!stop) {
    const auto found = server->Connection(wanted.target, own);
    if (found && *found && (*found)->inode != 0) {
      attempt->accepted_ns = MonotonicNs();
      return;
    }
    const bool spins = MonotonicNs() - begin_ns < kSpin.count();
    std::array<char, 1> byte{};
    const ssize_t got = recv(attempt->socket.get(), byte.data(), 1, MSG_DONTWAIT | MSG_PEEK);
    if (got >= 0) {
      attempt->accepted_ns = MonotonicNs();
      return;
    }
    if (errno != EAGAIN && errno != EINTR) {
      attempt->error = ErrnoName(errno);
      return;
    }
    if (!spins) {
      std::this_thread::sleep_for(kPause);
    }
  }
}

// The status line of an HTTP answer, once it is whole.
std::optional<std::string> StatusLine(const std::string& answer) {
  const size_t end = answer.find('\n');
  if (end == std::string::npos) {
    return std::nullopt;
  }
  return answer.substr(0, answer.find_last_not_of("\r\n", end) + 1);
}

bool IsGoodStatus(const std::string& line) {
  const size_t space = line.find(' ');
  if (!line.starts_with("HTTP/") || space == std::string::npos) {
    return false;
  }
  const int status = std::atoi(line.c_str() + space);  // NOLINT(cert-err34-c): 0 is no status
  return status >= 100 && status <= kLastGoodStatus;
}

void AwaitAnswer(const ServiceWanted& wanted,
                 const std::atomic<bool>& stop,
                 ServiceAttempt* attempt) {
  const bool http = wanted.ready.kind == Ready::Kind::kHttp;
  std::string answer;
  while (!stop) {
    const Received received = ReceiveWithin(attempt->socket, kSlice);
    if (!received.bytes.empty() && attempt->answered_ns == 0) {
      attempt->answered_ns = MonotonicNs();
    }
    answer += received.bytes;
    const auto status = StatusLine(answer);
    if (http && status) {
      attempt->served = IsGoodStatus(*status);
      attempt->error = attempt->served ? "" : *status;
      return;
    }
    if (!http && !answer.empty()) {
      attempt->served = true;
      return;
    }
    if (received.end_of_file || received.error != 0) {
      attempt->error =
          received.end_of_file ? "closed without an answer" : ErrnoName(received.error);
      return;
    }
  }
}

}  // namespace

Connecting BeginConnect(const SocketAddress& to) {
  const int domain = DomainOf(to);
  Connecting connecting;
  connecting.socket.Reset(socket(domain, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_storage address{};
  const auto length = ToSockaddr(to, domain, &address);
  if (!connecting.socket.valid() || !length) {
    connecting.error = connecting.socket.valid() ? EAFNOSUPPORT : errno;
    return connecting;
  }
  const auto* generic = static_cast<const sockaddr*>(static_cast<const void*>(&address));
  if (connect(connecting.socket.get(), generic, *length) != 0 && errno != EINPROGRESS) {
    connecting.error = errno;
  }
  return connecting;
}

int FinishConnect(const Fd& socket, const Deadline& deadline) {
  pollfd writable{.fd = socket.get(), .events = POLLOUT, .revents = 0};
  int ready = 0;
  do {
    const Duration left = deadline.Left();
    const timespec timeout{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
    ready = ppoll(&writable, 1, &timeout, nullptr);
  } while (ready < 0 && errno == EINTR);
  if (ready == 0) {
    return EINPROGRESS;
  }
  int error = 0;
  socklen_t size = sizeof(error);
  return getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

SocketAddress LocalAddress(const Fd& socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  auto* generic = static_cast<sockaddr*>(static_cast<void*>(&address));
  return getsockname(socket.get(), generic, &size) == 0 ? FromSockaddr(address) : SocketAddress{};
}

ServiceAttempt TryService(const ServiceWanted& wanted,
                          PortSockets* server,
                          const std::atomic<bool>& stop) {
  ServiceAttempt attempt;
  Connecting connecting = BeginConnect(wanted.target);
  int error = connecting.error;
  if (error == 0) {
    do {
      error = FinishConnect(connecting.socket, Deadline(kSlice));
    } while (error == EINPROGRESS && !stop);
  }
  if (error != 0) {
    attempt.error = ErrnoName(error);
    return attempt;
  }
  attempt.connected_ns = MonotonicNs();
  attempt.socket = std::move(connecting.socket);
  const std::string text = RequestText(wanted);
  if (!text.empty() && send(attempt.socket.get(), text.data(), text.size(), MSG_NOSIGNAL) < 0) {
    attempt.error = ErrnoName(errno);
    return attempt;
  }
  if (!wanted.defer_accept) {
    AwaitAccept(wanted, server, stop, &attempt);
    if (attempt.accepted_ns == 0) {
      return attempt;
    }
  }
  if (text.empty()) {
    attempt.served = true;
  } else {
    AwaitAnswer(wanted, stop, &attempt);
  }
  return attempt;
}

}  // namespace lastack

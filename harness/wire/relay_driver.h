// For tests and benchmarks: a relay in a process of its own, driven through its protocol, and
// connections over it.
#pragma once

#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/fd.h"
#include "base/line_buffer.h"
#include "base/socket_address.h"
#include "base/time.h"
#include "wire/relay.h"
#include "wire/veth_network.h"

namespace lastack {

constexpr Duration kRelayPatience = std::chrono::seconds(10);

class RelayDriver {
 public:
  // Starts it in the namespace, between `client` at wire0 and `server` at wire1.
  explicit RelayDriver(const Fd& network) {
    std::array<int, 2> requests{};
    std::array<int, 2> answers{};
    if (pipe2(requests.data(), O_CLOEXEC) != 0 || pipe2(answers.data(), O_CLOEXEC) != 0) {
      return;
    }
    pid_ = fork();
    if (pid_ == 0) {
      close(requests[1]);
      close(answers[0]);
      prctl(PR_SET_PDEATHSIG, SIGKILL);  // NOLINT(*-vararg)
      if (setns(network.get(), CLONE_NEWNET) != 0) {
        _exit(3);
      }
      _exit(RunRelay({{{"client", "wire0"}, {"server", "wire1"}}}, requests[0], answers[1]));
    }
    close(requests[0]);
    close(answers[1]);
    to_relay_.Reset(requests[1]);
    from_relay_.Reset(answers[0]);
  }
  ~RelayDriver() { static_cast<void>(End()); }
  RelayDriver(const RelayDriver&) = delete;
  RelayDriver& operator=(const RelayDriver&) = delete;
  RelayDriver(RelayDriver&&) = delete;
  RelayDriver& operator=(RelayDriver&&) = delete;

  // Ends its input; the exit status, -1 if it was a signal.
  int End() {
    to_relay_.Reset();
    if (pid_ > 0) {
      waitpid(std::exchange(pid_, -1), &status_, 0);
    }
    return WIFEXITED(status_) ? WEXITSTATUS(status_) : -1;
  }

  void Signal(int number) const { kill(pid_, number); }

  // The first line not yet taken that is so, others being kept; null when patience is over.
  nlohmann::json Await(const std::function<bool(const nlohmann::json&)>& wanted) {
    const Deadline deadline(kRelayPatience);
    for (size_t at = 0;;) {
      for (; at < lines_.size(); ++at) {
        if (wanted(lines_[at])) {
          nlohmann::json line = std::move(lines_[at]);
          lines_.erase(lines_.begin() + static_cast<ptrdiff_t>(at));
          return line;
        }
      }
      if (!ReadSome(deadline)) {
        return nullptr;
      }
    }
  }
  nlohmann::json AwaitEvent(const std::string& event) {
    return Await([&](const nlohmann::json& line) { return line.value("event", "") == event; });
  }
  // The next decision of this kind.
  nlohmann::json AwaitDecision(const std::string& what) {
    return Await([&](const nlohmann::json& line) { return line.value("what", "") == what; });
  }
  void SendLine(const std::string& line) const {
    const std::string whole = line + "\n";
    static_cast<void>(!write(to_relay_.get(), whole.data(), whole.size()));
  }
  // The answer to a request, written as JSON without its id.
  nlohmann::json Ask(const std::string& text) {
    nlohmann::json request = nlohmann::json::parse(text);
    request["id"] = ++last_id_;
    SendLine(request.dump());
    return Await([&](const nlohmann::json& line) { return line.value("id", 0) == last_id_; });
  }
  // Its `ok`; null if it is an error.
  nlohmann::json AskOk(const std::string& text) {
    const nlohmann::json answer = Ask(text);
    return answer.is_object() ? answer.value("ok", nlohmann::json()) : nlohmann::json();
  }

 private:
  bool ReadSome(const Deadline& deadline) {
    pollfd input{from_relay_.get(), POLLIN, 0};
    std::array<char, 65536> bytes;  // NOLINT(*-member-init): written by read
    if (poll(&input, 1, deadline.PollTimeout()) <= 0) {
      return false;
    }
    const ssize_t got = read(from_relay_.get(), bytes.data(), bytes.size());
    for (const std::string& line :
         buffer_.Append({bytes.data(), static_cast<size_t>(got > 0 ? got : 0)})) {
      lines_.push_back(nlohmann::json::parse(line));
    }
    return got > 0;
  }

  pid_t pid_ = -1;
  int status_ = 0;
  Fd to_relay_;
  Fd from_relay_;
  LineBuffer buffer_;
  std::deque<nlohmann::json> lines_;
  int last_id_ = 0;
};

// One established connection.
struct WiredConnection {
  Fd client;
  Fd server;
};

inline Fd StreamSocket(const Fd& network, int domain) {
  return Inside(network, [domain] {
    Fd made(socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval patience{.tv_sec = 10};
    setsockopt(made.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(made.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    return made;
  });
}

inline int OnAddress(int (*call)(int, const sockaddr*, socklen_t),
                     const Fd& socket,
                     const SocketAddress& address) {
  sockaddr_storage name{};
  const int domain = address.address.find(':') == std::string::npos ? AF_INET : AF_INET6;
  const socklen_t size = ToSockaddr(address, domain, &name).value_or(0);
  return call(socket.get(), static_cast<const sockaddr*>(static_cast<const void*>(&name)), size);
}

inline Fd Listen(const Fd& network, const SocketAddress& address) {
  Fd listener =
      StreamSocket(network, address.address.find(':') == std::string::npos ? AF_INET : AF_INET6);
  const int on = 1;
  setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (OnAddress(bind, listener, address) != 0 || listen(listener.get(), SOMAXCONN) != 0) {
    listener.Reset();
  }
  return listener;
}

// From 10.77.0.1 to 10.77.0.2, or fd77::1 to fd77::2; descriptors are -1 where it fails.
inline WiredConnection ConnectHosts(const VethNetwork& network, int domain = AF_INET) {
  const SocketAddress address{domain == AF_INET ? "10.77.0.2" : "fd77::2", 8080};
  const Fd listener = Listen(network.server, address);
  WiredConnection connection{.client = StreamSocket(network.client, domain), .server = {}};
  if (OnAddress(connect, connection.client, address) == 0) {
    connection.server = Fd(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  }
  return connection;
}

}  // namespace lastack

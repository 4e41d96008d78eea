// The program of the host's tests, which is also the peer that those tests start: a small one that
// speaks lastack.peer/1 and answers a few calls of its own.
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/fd.h"
#include "base/socket_address.h"
#include "base/time.h"
#include "host/control.h"

namespace lastack {
namespace {

using nlohmann::json;

// -------------------------------------------------------------------------------------------

void Say(ControlChannel* control, const json& message, int descriptor = -1) {
  if (!control->Write(message.dump(), descriptor)) {
    _exit(9);
  }
}

Fd ListenOn(const SocketAddress& where) {
  Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_storage address{};
  const auto length = ToSockaddr(where, AF_INET, &address).value_or(0);
  const auto* generic = static_cast<const sockaddr*>(static_cast<const void*>(&address));
  if (bind(fd.get(), generic, length) != 0 || listen(fd.get(), 1) != 0) {
    return {};
  }
  return fd;
}

void AdoptedChild(Fd control_end, int code) {
  ControlChannel control(std::move(control_end));
  Say(&control, {{"event", "hello"}, {"protocol", "lastack.peer/1"}, {"pid", getpid()}});
  Say(&control, {{"event", "started"}, {"id", 77}, {"t", 1}});
  _exit(code);
}

// Forks twice, as the protocol says; the child says a line and exits at once with 5.
void ForkChild(ControlChannel* control, const json& request) {
  std::array<int, 2> ends{};
  std::array<int, 2> pids{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0 ||
      pipe2(pids.data(), O_CLOEXEC) != 0) {
    _exit(9);
  }
  const pid_t middle = fork();
  if (middle == 0) {
    const pid_t child = fork();
    if (child == 0) {
      AdoptedChild(Fd(ends[1]), 5);
    }
    _exit(write(pids[1], &child, sizeof(child)) == sizeof(child) ? 0 : 9);
  }
  waitpid(middle, nullptr, 0);
  pid_t child = -1;
  if (read(pids[0], &child, sizeof(child)) != sizeof(child)) {
    _exit(9);
  }
  const Fd host_end(ends[0]);
  Say(control,
      {{"event", "forked"}, {"id", request["id"]}, {"as", request["as"]}, {"pid", child}},
      host_end.get());
}

json Identity() {
  rlimit core{};
  getrlimit(RLIMIT_CORE, &core);
  sigset_t mask{};
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  json open = json::array();
  for (int fd = 0; fd < 64; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) {  // NOLINT(*-vararg)
      open.push_back(fd);
    }
  }
  return {{"core", core.rlim_cur},
          {"blocked", sigismember(&mask, SIGCHLD)},
          {"uid", getuid()},
          {"leader", getsid(0) == getpid()},
          {"open", open}};
}

void Serve(ControlChannel* control, const json& request, std::map<std::string, Fd>* sockets) {
  const auto call = request.at("call").get<std::string>();
  const json& id = request.at("id");
  Say(control, {{"event", "started"}, {"id", id}, {"t", MonotonicNs()}});
  json results = json::array();
  if (call == "exit") {
    _exit(request.at("code").get<int>());
  } else if (call == "identity") {
    results.push_back(Identity());
  } else if (call == "listen") {
    (*sockets)["listener"] = ListenOn({"127.0.0.1", request.at("port").get<uint16_t>()});
  } else if (call == "connect") {
    const Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_storage address{};
    const auto length =
        ToSockaddr({"127.0.0.1", request.at("port").get<uint16_t>()}, AF_INET, &address);
    const auto* generic = static_cast<const sockaddr*>(static_cast<const void*>(&address));
    results.push_back({{"value", connect(fd.get(), generic, *length)}});
  } else if (call == "fork") {
    ForkChild(control, request);
  } else if (call == "send_socket") {
    Say(control, {{"event", "socket"}, {"id", id}}, sockets->at("listener").get());
  } else if (call == "receive_socket") {
    const std::optional<Fd> received = control->TakeDescriptor();
    int listening = 0;
    socklen_t length = sizeof(listening);
    getsockopt(received ? received->get() : -1, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length);
    results.push_back({{"listening", listening}});
  }
  Say(control, {{"event", "finished"}, {"id", id}, {"results", results}});
}

int FakePeer(int control_fd) {
  ControlChannel control((Fd(control_fd)));
  Say(&control, {{"event", "hello"}, {"protocol", "lastack.peer/1"}, {"pid", getpid()}});
  std::map<std::string, Fd> sockets;
  pollfd input{control_fd, POLLIN, 0};
  while (poll(&input, 1, -1) > 0 && control.fd() >= 0) {
    for (const std::string& line : control.Read()) {
      Serve(&control, json::parse(line), &sockets);
    }
  }
  return 0;
}

}  // namespace
}  // namespace lastack

// NOLINTNEXTLINE(bugprone-exception-escape): ends the test program, as it should
int main(int argc, char** argv) {
  const std::vector<std::string> words(argv, argv + argc);
  if (words.size() >= 3 && words[1] == "--control") {
    return lastack::FakePeer(std::stoi(words[2]));
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}

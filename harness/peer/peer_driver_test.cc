// The driver of peer_driver.h; a _test.cc so that it is built into the tests alone.
#include "peer/peer_driver.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>

#include "base/time.h"

namespace lastack {
namespace {

using nlohmann::json;
using std::chrono::seconds;

bool AwaitReadable(int fd, const Deadline& deadline) {
  pollfd readable{fd, POLLIN, 0};
  return poll(&readable, 1, deadline.PollTimeout()) == 1;
}

}  // namespace

PeerDriver::PeerDriver(const std::string& on_term) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return;
  }
  control_ = std::make_unique<Control>(Fd(ends[0]));
  const Fd peers_end(ends[1]);
  const std::string program =
      std::filesystem::read_symlink("/proc/self/exe").parent_path() / "lastack-peer";
  pid_ = fork();
  if (pid_ == 0) {
    const int inherited = dup(peers_end.get());
    execl(program.c_str(),  // NOLINT(*-vararg)
          "lastack-peer",
          "--control",
          std::to_string(inherited).c_str(),
          "--on-term",
          on_term.c_str(),
          nullptr);
    _exit(127);
  }
}

PeerDriver::PeerDriver(Fd control, pid_t pid)
    : control_(std::make_unique<Control>(std::move(control))), pid_(pid), child_(false) {}

PeerDriver::~PeerDriver() {
  control_.reset();  // at its end of file the peer ends
  if (child_) {
    AwaitEnd();
  }
}

int PeerDriver::Send(json request, int descriptor) {
  request["id"] = ++last_id_;
  control_->Write(request.dump(), descriptor);
  return last_id_;
}

json PeerDriver::Next() {
  const Deadline deadline(seconds(5));
  while (true) {
    if (const auto line = control_->NextLine()) {
      return json::parse(*line);
    }
    if (!AwaitReadable(control_->Descriptor(), deadline) || !control_->Read()) {
      return {};
    }
  }
}

json PeerDriver::Await(int id, const std::string& event) {
  const auto wanted = [&](const json& line) {
    return line.value("id", 0) == id && line["event"] == event;
  };
  if (const auto kept = std::find_if(kept_.begin(), kept_.end(), wanted); kept != kept_.end()) {
    json line = std::move(*kept);
    kept_.erase(kept);
    return line;
  }
  for (json line = Next(); !line.is_null(); line = Next()) {
    if (wanted(line)) {
      return line;
    }
    kept_.push_back(std::move(line));
  }
  return {};
}

json PeerDriver::Call(json request, int descriptor) {
  const json finished = Await(Send(std::move(request), descriptor), "finished");
  return finished.is_null() ? finished : finished["results"];
}

json PeerDriver::Listen() {
  return Call({{"call", "listen"},
               {"as", "listener"},
               {"family", "v4"},
               {"address", {"127.0.0.1", 0}},
               {"backlog", 16}})[0];
}

void PeerDriver::ConnectToItself() {
  const json listener = Listen();
  Call({{"call", "connect"}, {"as", {"client"}}, {"to", listener["socket"]["local"]}});
  Call({{"call", "accept"}, {"on", {"listener"}}, {"as", {"server"}}});
}

int PeerDriver::StartAccept() {
  const int id = Send({{"call", "accept"}, {"on", {"listener"}}, {"as", {"server"}}});
  Await(id, "started");
  return id;
}

int PeerDriver::AwaitEnd() {
  if (ended_) {
    return -1;
  }
  const Fd process(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));  // NOLINT(*-vararg)
  if (!AwaitReadable(process.get(), Deadline(seconds(5)))) {
    kill(pid_, SIGKILL);
  }
  int status = -1;
  ended_ = waitpid(pid_, &status, 0) == pid_;
  return status;
}

}  // namespace lastack

#include "host/agent.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/fd.h"
#include "base/line_buffer.h"
#include "base/time.h"
#include "host/requests.h"

namespace lastack {
namespace {

// Changes of this process, and of nothing else, which its children inherit or which make it a good
// PID 1.
Result<Fd> SetUpProcess() {
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  prctl(PR_SET_CHILD_SUBREAPER, 1);  // NOLINT(*-vararg): where it is not PID 1
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  pthread_sigmask(SIG_BLOCK, &children, nullptr);
  Fd fd(signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.valid()) {
    return FailErrno("cannot make a signalfd");
  }
  return fd;
}

class Agent {
 public:
  Agent(int input, int output, Fd children, SockDiag diag, Rebinds rebinds)
      : input_(input),
        output_(output),
        children_(std::move(children)),
        diag_(std::move(diag)),
        rebinds_(std::move(rebinds)) {}

  Status Run();

 private:
  [[nodiscard]] std::vector<pollfd> WhatToWaitFor() const;
  void OnReadable(int fd);
  void OnInput();
  void OnChildren();
  void OnRebinds();

  int input_;  // -1 once it has ended
  Output output_;
  Fd children_;
  SockDiag diag_;
  Rebinds rebinds_;
  Peers peers_{&output_};
  Programs programs_{&output_};
  Captures captures_{&output_};
  std::unique_ptr<StateWaits> waits_;
  LineBuffer requests_;
  bool keep_ = false;
};

Status Agent::Run() {
  Result<StateWaits> waits = StateWaits::Create(&diag_, &output_);
  if (!waits) {
    return Fail(waits.error());
  }
  waits_ = std::make_unique<StateWaits>(std::move(*waits));
  const ClockPair clocks = ReadBothClocks();
  output_.Event(
      {{"event", "hello"},
       {"protocol", "lastack.host/1"},
       {"clock", {{"monotonic", clocks.monotonic_ns}, {"realtime", clocks.realtime_ns}}}});
  while (input_ >= 0 || keep_) {
    output_.Flush();
    std::vector<pollfd> fds = WhatToWaitFor();
    if (poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) {
      return FailErrno("cannot wait for events");
    }
    for (const pollfd& fd : fds) {
      if (fd.revents != 0) {
        OnReadable(fd.fd);
      }
    }
  }
  peers_.KillAll();
  return {};
}

std::vector<pollfd> Agent::WhatToWaitFor() const {
  std::vector<pollfd> fds = {
      {children_.get(), POLLIN, 0}, {rebinds_.fd(), POLLIN, 0}, {waits_->fd(), POLLIN, 0}};
  if (input_ >= 0) {
    fds.push_back({input_, POLLIN, 0});
  }
  peers_.AppendPollFds(&fds);
  programs_.AppendPollFds(&fds);
  captures_.AppendPollFds(&fds);
  return fds;
}

void Agent::OnReadable(int fd) {
  if (fd == input_) {
    OnInput();
  } else if (fd == children_.get()) {
    OnChildren();
  } else if (fd == rebinds_.fd()) {
    OnRebinds();
  } else if (fd == waits_->fd()) {
    waits_->Tick();
  } else {
    peers_.OnReadable(fd);
    programs_.OnReadable(fd);
    captures_.OnReadable(fd);
  }
}

void Agent::OnInput() {
  std::array<char, 65536> bytes;  // NOLINT(*-member-init): written by read
  const ssize_t got = read(input_, bytes.data(), bytes.size());
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) {
    return;
  }
  if (got <= 0) {
    input_ = -1;
    return;
  }
  const HostParts parts{
      &output_, &diag_, &peers_, &programs_, &captures_, waits_.get(), &rebinds_, &keep_};
  for (const std::string& line : requests_.Append({bytes.data(), static_cast<size_t>(got)})) {
    HandleRequest(line, parts);
  }
}

void Agent::OnChildren() {
  std::array<signalfd_siginfo, 16> ignored{};
  while (read(children_.get(), ignored.data(), sizeof(ignored)) > 0) {
  }
  for (const Ended& ended : CollectEnded()) {
    if (programs_.any()) {
      programs_.OnEnded(ended);
    }
    peers_.OnEnded(ended);
  }
}

void Agent::OnRebinds() {
  for (const auto& [id, outcome] : rebinds_.Collect()) {
    if (outcome) {
      output_.Ok(id, RebindToJson(*outcome));
    } else {
      output_.Failed(id, outcome.error());
    }
  }
}

Result<std::unique_ptr<Agent>> MakeAgent(int input, int output) {
  Result<Fd> children = SetUpProcess();
  if (!children) {
    return Fail(children.error());
  }
  Result<SockDiag> diag = SockDiag::Open();
  if (!diag) {
    return Fail(diag.error());
  }
  Result<Rebinds> rebinds = Rebinds::Create();
  if (!rebinds) {
    return Fail(rebinds.error());
  }
  return std::make_unique<Agent>(
      input, output, std::move(*children), std::move(*diag), std::move(*rebinds));
}

}  // namespace

int RunAgent(int input, int output) {
  Result<std::unique_ptr<Agent>> agent = MakeAgent(input, output);
  const Status status = agent ? (*agent)->Run() : Status(Fail(agent.error()));
  if (!status) {
    fmt::print(stderr, "lastack-host: {}\n", status.error().message);
  }
  // Nothing is worth waiting for: not a probe under way, not the kernel taking back the rings of
  // the taps.
  _exit(status ? 0 : 1);
}

}  // namespace lastack

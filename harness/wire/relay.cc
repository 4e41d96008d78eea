// The relay's loop.
#include "wire/relay.h"

#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/line_buffer.h"
#include "base/time.h"
#include "wire/requests.h"
#include "wire/switchboard.h"

namespace lastack {
namespace {

constexpr int64_t kNsPerSecond = 1'000'000'000;

// How long the relay goes on looking for frames after the last one, before it sleeps. Segments come
// in exchanges, and to be woken on an idle core takes longer than the relay's work (30 µs against
// 8 µs in a virtual machine, bench/wire.cc).
constexpr int64_t kAlertNs = 50'000;

// Changes of this process, and of nothing else.
void SetUpProcess() {
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  prctl(PR_SET_TIMERSLACK, 1);  // NOLINT(*-vararg): otherwise delays are up to 50 µs late
  std::signal(SIGPIPE, SIG_IGN);
}

class Relay {
 public:
  Relay(HostNames hosts, std::array<Port, 2> ports, int input, int output)
      : input_(input), writer_(output), board_(std::move(hosts), std::move(ports), &writer_) {}

  Status Run();

 private:
  [[nodiscard]] Status Wait(std::array<pollfd, 4>* fds) const;
  void OnInput();

  int input_;  // -1 once it has ended
  bool keep_ = false;
  int64_t alert_until_ns_ = 0;
  LineWriter writer_;
  Switchboard board_;
  LineBuffer requests_;
};

Status Relay::Run() {
  const ClockPair clocks = ReadBothClocks();
  writer_.Event(
      {{"event", "hello"},
       {"protocol", "lastack.wire/1"},
       {"clock", {{"monotonic", clocks.monotonic_ns}, {"realtime", clocks.realtime_ns}}}});
  while (input_ >= 0 || keep_) {
    writer_.Flush();
    std::array<pollfd, 4> fds = {{{board_.fd(0), POLLIN, 0},
                                  {board_.fd(1), POLLIN, 0},
                                  {input_, POLLIN, 0},
                                  {writer_.Waiting() ? writer_.fd() : -1, POLLOUT, 0}}};
    if (Status waited = Wait(&fds); !waited) {
      return waited;
    }
    board_.OnTime();
    for (size_t from = 0; from < 2; ++from) {
      if (fds.at(from).revents != 0 && board_.Read(from) > 0) {
        alert_until_ns_ = MonotonicNs() + kAlertNs;
      }
    }
    if (fds[2].revents != 0) {
      OnInput();
    }
  }
  writer_.Flush();
  return {};
}

Status Relay::Wait(std::array<pollfd, 4>* fds) const {
  const int64_t now_ns = MonotonicNs();
  std::optional<int64_t> due_ns = board_.NextDueNs();
  if (now_ns < alert_until_ns_) {
    sched_yield();  // on a busy core it is the receiver's turn
    due_ns = now_ns;
  }
  const int64_t left_ns = due_ns ? std::max<int64_t>(0, *due_ns - now_ns) : 0;
  const timespec left{.tv_sec = left_ns / kNsPerSecond, .tv_nsec = left_ns % kNsPerSecond};
  if (ppoll(fds->data(), fds->size(), due_ns ? &left : nullptr, nullptr) < 0) {
    if (errno != EINTR) {
      return FailErrno("cannot wait for frames");
    }
    for (pollfd& fd : *fds) {
      fd.revents = 0;
    }
  }
  return {};
}

// Frames that arrived before a request was read are dealt with before it.
void Relay::OnInput() {
  std::array<char, 65536> bytes;  // NOLINT(*-member-init): written by read
  const ssize_t got = read(input_, bytes.data(), bytes.size());
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) {
    return;
  }
  if (got <= 0) {
    input_ = -1;
    return;
  }
  for (const std::string& line : requests_.Append({bytes.data(), static_cast<size_t>(got)})) {
    board_.Drain();
    HandleWireRequest(line, {&board_, &writer_, &keep_});
  }
}

}  // namespace

int RunRelay(const std::array<RelaySide, 2>& sides, int input, int output) {
  SetUpProcess();
  Result<Port> first = Port::Open(sides[0].interface);
  Result<Port> second = Port::Open(sides[1].interface);
  Status status;
  if (first && second) {
    status =
        Relay(
            {sides[0].host, sides[1].host}, {std::move(*first), std::move(*second)}, input, output)
            .Run();
  } else {
    status = Fail(first ? second.error() : first.error());
  }
  if (!status) {
    fmt::print(stderr, "lastack-wire: {}\n", status.error().message);
  }
  // Nobody waits for the kernel to take the packet sockets apart.
  _exit(status ? 0 : 1);
}

}  // namespace lastack

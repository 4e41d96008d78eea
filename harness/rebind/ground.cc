#include "rebind/ground.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <functional>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "rebind/clients.h"
#include "rebind/execute.h"
#include "rebind/listener.h"
#include "rebind/probing.h"
#include "rebind/server.h"

namespace lastack {
namespace {

constexpr Duration kReadyWithin = std::chrono::seconds(10);
constexpr Duration kPerConnection = std::chrono::milliseconds(1);  // a hundred times what is usual

// What is waited for here comes within microseconds to milliseconds, from another process.
bool Await(Duration within, const std::function<bool()>& condition) {
  const Deadline deadline(within);
  while (!condition()) {
    if (deadline.Expired()) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
  return true;
}

Error NotInTime(const std::string& what) {
  return {ErrorKind::kSystem, fmt::format("{} in time", what), "is the machine overloaded?"};
}

}  // namespace

Ground::Ground(const Cell& cell, const MeasuringHosts& hosts, SharedBoard board)
    : cell_(cell),
      strategy_(*FindStrategy(cell.strategy)),
      hosts_(hosts),
      board_(std::move(board)) {}

Ground::~Ground() {
  board_->order = StreamOrder::kStop;
}

Result<std::unique_ptr<Ground>> Ground::Prepare(const Cell& cell,
                                                const MeasuringHosts& hosts,
                                                const std::string& program,
                                                uint16_t port) {
  Result<SharedBoard> board = SharedBoard::Make();
  Result<int64_t> before = CountTimeWait();
  if (!board || !before) {
    return Fail(board ? before.error() : board.error());
  }
  std::unique_ptr<Ground> ground(new Ground(cell, hosts, std::move(*board)));
  ground->program_ = program;
  ground->port_ = port;
  ground->time_waits_before_ = *before;
  for (const auto step : {&Ground::StartFirstServer, &Ground::StartStandBy, &Ground::StartStream}) {
    if (Status done = std::invoke(step, *ground); !done) {
      return Fail(done.error());
    }
  }
  return ground;
}

Status Ground::StartFirstServer() {
  const int64_t begin_ns = MonotonicNs();
  const bool by_tool = strategy_.successor == Successor::kByTool;
  if (by_tool) {
    Result<ServerProcess> started = StartTool();
    if (!started) {
      return Fail(started.error());
    }
    server = std::move(*started);
    Result<Fd> taken = ListenerOfTool(server.child.pid(), port_);
    if (!taken) {
      return Fail(taken.error());
    }
    listener = std::move(*taken);
  } else {
    ListenOutcome first = Listen(PlanListener(hosts_, port_, strategy_.old_options));
    if (!first.socket.valid()) {
      return Fail(SystemError(fmt::format("{} failed on a fresh port", first.failed), first.error));
    }
    listener = std::move(first.socket);
  }
  if (cell_.population == Population::kTimeWait) {
    server.child.Send(SIGSTOP);  // a tool that listens already would accept, too
    const Status built = BuildTimeWaitHere();
    server.child.Send(SIGCONT);
    if (!built) {
      return built;
    }
  }
  if (!by_tool) {
    Result<ServerProcess> started = StartServer(listener.get());
    if (!started) {
      return Fail(started.error());
    }
    server = std::move(*started);
  }
  const bool keeps =
      strategy_.successor == Successor::kInherits || strategy_.successor == Successor::kIsActivated;
  if (!keeps) {
    listener.Reset();
  }
  if (cell_.population == Population::kEstablished) {
    if (Status built = BuildEstablished(); !built) {
      return built;
    }
  }
  build_ns_ = MonotonicNs() - begin_ns;
  return {};
}

Status Ground::BuildTimeWaitHere() {
  const Result<int64_t> before = CountSockets();
  const PopulationPlan plan{
      .port = port_, .count = cell_.count, .peer_first = strategy_.peer_first};
  Status built = BuildTimeWait(hosts_, listener.get(), plan);
  if (!built || !before) {
    return built ? Status(Fail(before.error())) : built;
  }
  // None may be on its way any more: one in LAST-ACK would keep the port until its FIN is answered.
  const bool settled = Await(kReadyWithin, [&] { return CountSockets().value_or(0) <= *before; });
  return settled ? Status{} : Status(Fail(NotInTime("the connections were not closed")));
}

Status Ground::BuildEstablished() {
  const PopulationPlan plan{
      .port = port_, .first = 0, .count = cell_.count, .peer_first = strategy_.peer_first};
  Result<Child> child = Child::Fork({hosts_.client().get()},
                                    [&] { return HoldConnections(hosts_, plan, board_.get()); });
  if (!child) {
    return Fail(child.error());
  }
  holder_ = std::move(*child);
  const bool made = Await(kReadyWithin + kPerConnection * cell_.count, [&] {
    return board_->holding == cell_.count && board_->accepted >= cell_.count;
  });
  return made ? Status{} : Status(Fail(NotInTime("the connections were not established")));
}

Status Ground::StartStream() {
  Result<Child> child = Child::Fork({hosts_.client().get()},
                                    [&] { return StreamConnections(hosts_, port_, board_.get()); });
  if (!child) {
    return Fail(child.error());
  }
  stream_ = std::move(*child);
  return AwaitServed(0, kReadyWithin) ? Status{} : Status(Fail(NotInTime("no client was served")));
}

Result<ServerProcess> Ground::StartServer(int from) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return FailErrno("cannot make a channel");
  }
  const Fd own_end(ends[0]);
  ServerProcess process{.child = {}, .channel = Fd(ends[1]), .generation = ++generation_};
  const ServerRole role{.generation = process.generation,
                        .asks_peers = strategy_.peer_first,
                        .hand_over = own_end.get()};
  const bool executes = strategy_.successor == Successor::kIsActivated;
  const std::vector<std::string> words = ServeWords(role.generation);
  Result<Child> child = Child::Fork({from, own_end.get()}, [&] {
    return executes ? ExecuteWithListener(from, words) : Serve(Fd(from), role, board_.get());
  });
  if (!child) {
    return Fail(child.error());
  }
  process.child = std::move(*child);
  return process;
}

std::vector<std::string> Ground::ServeWords(int generation) const {
  return {program_,
          "serve",
          std::to_string(generation),
          strategy_.peer_first ? "asks-peers" : "closes",
          BoardPath(board_.fd())};
}

Result<ServerProcess> Ground::StartTool() {
  ServerProcess process{.child = {}, .channel = {}, .generation = ++generation_};
  const SocketAddress at =
      hosts_.server_domain() == AF_INET ? hosts_.Wildcard(port_) : SocketAddress{"::", port_};
  std::vector<std::string> words = {FindActivationTool(), "-l", ToString(at)};
  const std::vector<std::string> serve = ServeWords(process.generation);
  words.insert(words.end(), serve.begin(), serve.end());
  Result<Child> child = Child::Fork({}, [&] { return ExecuteQuietly(words); });
  if (!child) {
    return Fail(child.error());
  }
  process.child = std::move(*child);
  return process;
}

Status Ground::StartStandBy() {
  const bool joins = strategy_.successor == Successor::kIsMember;
  if (!joins && strategy_.successor != Successor::kIsHanded) {
    return {};
  }
  if (Status ready = AwaitReady(&server); !ready) {
    return ready;
  }
  if (joins) {
    ListenOutcome second = Listen(PlanListener(hosts_, port_, strategy_.new_options));
    if (!second.socket.valid()) {
      return Fail(SystemError(fmt::format("{} of a second member", second.failed), second.error));
    }
    Result<ServerProcess> started = StartServer(second.socket.get());
    if (!started) {
      return Fail(started.error());
    }
    stand_by = std::move(*started);
    return AwaitReady(&stand_by);
  }
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return FailErrno("cannot make a channel");
  }
  const Fd own_end(ends[0]);
  stand_by = {.child = {}, .channel = Fd(ends[1]), .generation = ++generation_};
  const ServerRole role{.generation = stand_by.generation,
                        .asks_peers = strategy_.peer_first,
                        .hand_over = own_end.get()};
  const int from = server.channel.get();
  Result<Child> child = Child::Fork({from, own_end.get()},
                                    [&] { return TakeOverAndServe(Fd(from), role, board_.get()); });
  if (!child) {
    return Fail(child.error());
  }
  stand_by.child = std::move(*child);
  return AwaitReady(&stand_by);
}

Status Ground::AwaitReady(ServerProcess* process) const {
  const bool ready = Await(kReadyWithin, [&] {
    return board_->ready >= process->generation || process->child.HasEnded();
  });
  return ready && process->child.pid() > 0 ? Status{}
                                           : Status(Fail(NotInTime("a server did not start")));
}

Status Ground::PauseStream() {
  board_->order = StreamOrder::kPause;
  const bool paused = Await(kReadyWithin, [&] { return board_->paused.load(); });
  return paused ? Status{} : Status(Fail(NotInTime("the stream of clients did not pause")));
}

bool Ground::AwaitServed(int64_t since_ns, Duration within) const {
  return Await(within, [&] { return board_->last_served_ns > since_ns; });
}

Result<int64_t> Ground::TimeWaits() const {
  Result<int64_t> count = CountTimeWait();
  return count ? Result<int64_t>(std::max<int64_t>(0, *count - time_waits_before_)) : count;
}

}  // namespace lastack

#include "rebind/comeback.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <utility>

#include "rebind/error_counter.h"
#include "rebind/inline_server.h"
#include "rebind/listener.h"
#include "rebind/probing.h"
#include "rebind/server.h"
#include "rebind/sweep.h"

namespace lastack {
namespace {

// After the measurement, for what comes in any case: the stream's next connection (its timeout and
// a SYN sent again fit in), the end of the process.
constexpr Duration kSettleWithin = std::chrono::seconds(3);
constexpr Duration kEndsWithin = std::chrono::minutes(1);  // with any number of connections

class Comeback {
 public:
  Comeback(Ground* ground, ProbingClient client)
      : ground_(*ground),
        board_(ground->board()),
        strategy_(ground->strategy()),
        client_(std::move(client)),
        plan_(PlanListener(ground->hosts(), ground->port(), strategy_.new_options)) {}

  [[nodiscard]] Result<Sample> Measure();

 private:
  void Die();
  [[nodiscard]] int64_t SinceDeath(int64_t at_ns) const { return at_ns - death_ns_; }
  // At the start of each round of a spin; false when the time is over, which begins with the end of
  // the process: how long that takes depends on its connections and on the machine.
  [[nodiscard]] bool NextRound();
  void LookForEnd();
  [[nodiscard]] Status SpinOnBind();
  [[nodiscard]] Status ServeFirst(Fd listener);
  [[nodiscard]] Status SpinOnSuccessor();
  [[nodiscard]] Result<bool> StartSuccessor();
  [[nodiscard]] Status Settle();
  void TakeClientsView(int64_t until_ns);

  Ground& ground_;
  Board* board_;
  const Strategy& strategy_;
  ProbingClient client_;
  ListenPlan plan_;
  ServerProcess successor_;
  Sample sample_;
  ErrorCounter errors_;
  int64_t death_ns_ = 0;
  int64_t round_ns_ = 0;
};

void Comeback::Die() {
  Board& board = *board_;
  board.closed_ns = 0;
  board.accepted_ns = 0;
  board.recording_from = ground_.server.generation + 1;
  for (std::atomic<int64_t>* counter :
       {&board.attempts, &board.refused, &board.reset, &board.timed_out, &board.longest_gap_ns}) {
    *counter = 0;
  }
  int signal = SIGKILL;
  switch (ground_.cell().death) {
    case Death::kKill:
      break;
    case Death::kTerm:
      signal = SIGTERM;
      break;
    case Death::kClose:
      signal = SIGUSR1;
      break;
  }
  death_ns_ = MonotonicNs();
  round_ns_ = death_ns_;
  ground_.server.child.Send(signal);
  board.order = StreamOrder::kRun;
}

bool Comeback::NextRound() {
  const int64_t now_ns = MonotonicNs();
  sample_.longest_period_ns = std::max(sample_.longest_period_ns, now_ns - round_ns_);
  round_ns_ = now_ns;
  const int64_t end_ns = sample_.ended_ns.value_or(kEndsWithin.count());
  return SinceDeath(now_ns) < end_ns + (sample_.ended_ns ? ground_.cell().within.count() : 0);
}

void Comeback::LookForEnd() {
  if (sample_.ended_ns) {
    return;
  }
  if (ground_.cell().death == Death::kClose) {
    if (board_->closed_ns != 0) {
      sample_.ended_ns = SinceDeath(board_->closed_ns);
    }
  } else if (ground_.server.child.HasEnded()) {
    sample_.ended_ns = SinceDeath(MonotonicNs());
  }
}

Status Comeback::SpinOnBind() {
  while (NextRound()) {
    LookForEnd();
    if (ground_.cell().probe == Probe::kAfterExit && !sample_.ended_ns) {
      continue;
    }
    ++sample_.attempts;
    ListenOutcome outcome = Listen(plan_);
    if (outcome.socket.valid()) {
      sample_.bound_ns = SinceDeath(outcome.bound_ns);
      sample_.listening_ns = SinceDeath(outcome.listening_ns);
      return ServeFirst(std::move(outcome.socket));
    }
    errors_.Add(outcome.failed, outcome.error);
    if (strategy_.destroys_left && sample_.ended_ns) {
      const Result<int64_t> destroyed =
          DestroyLeftOn(ground_.port(), ground_.hosts().server_domain());
      if (!destroyed) {
        return Fail(destroyed.error());
      }
      sample_.destroyed += *destroyed;
    }
  }
  return {};
}

// The measuring process is the server that has come back; afterwards a child of it goes on.
Status Comeback::ServeFirst(Fd listener) {
  const char answer = AnswerOf(ground_.server.generation + 1);
  InlineServer server(listener.get(), answer);
  const Deadline deadline(kEndsWithin);
  while (!client_.Step(answer)) {
    server.Step();
    LookForEnd();
    if (deadline.Expired()) {
      return Fail(ErrorKind::kSystem, "a listener was there but no client was served");
    }
  }
  sample_.back = true;
  sample_.answered_ns = SinceDeath(client_.answered_ns());
  sample_.accepted_ns = SinceDeath(server.accepted_ns());
  Result<ServerProcess> started = ground_.StartServer(listener.get());
  if (!started) {
    return Fail(started.error());
  }
  successor_ = std::move(*started);
  client_.Close();  // first, so that nothing of it is left at the server
  server.Drain(Deadline(kSettleWithin));
  return {};
}

// Whether a successor is under way that may answer.
Result<bool> Comeback::StartSuccessor() {
  const bool by_tool = strategy_.successor == Successor::kByTool;
  if (by_tool && successor_.child.pid() > 0 && successor_.child.HasEnded()) {
    errors_.Add("start", EADDRINUSE);  // it says so on its standard error
    successor_ = {};
  }
  if (successor_.child.pid() > 0) {
    return true;
  }
  if (!sample_.ended_ns) {
    return false;
  }
  ++sample_.attempts;
  Result<ServerProcess> started =
      by_tool ? ground_.StartTool() : ground_.StartServer(ground_.listener.get());
  if (!started) {
    return Fail(started.error());
  }
  successor_ = std::move(*started);
  round_ns_ = MonotonicNs();  // a fork is no period of the spin
  return true;
}

Status Comeback::SpinOnSuccessor() {
  const bool stands_by =
      strategy_.successor == Successor::kIsHanded || strategy_.successor == Successor::kIsMember;
  if (stands_by) {
    successor_ = std::exchange(ground_.stand_by, {});
  }
  while (NextRound()) {
    LookForEnd();
    const Result<bool> started = stands_by ? true : StartSuccessor();
    if (!started) {
      return Fail(started.error());
    }
    const int generation = *started ? successor_.generation : ground_.server.generation + 1;
    if (client_.Step(AnswerOf(generation))) {
      sample_.back = true;
      sample_.answered_ns = SinceDeath(client_.answered_ns());
      sample_.accepted_ns = SinceDeath(board_->accepted_ns);
      client_.Close();
      return {};
    }
  }
  return {};
}

void Comeback::TakeClientsView(int64_t until_ns) {
  const Board& board = *board_;
  ClientsView& view = sample_.clients;
  view.attempts = board.attempts;
  view.refused = board.refused;
  view.reset = board.reset;
  view.timed_out = board.timed_out;
  view.longest_gap_ns = board.longest_gap_ns;
  if (!sample_.back) {
    view.longest_gap_ns = std::max(view.longest_gap_ns, until_ns - board.last_served_ns);
  }
}

Status Comeback::Settle() {
  if (sample_.back && !ground_.AwaitServed(client_.answered_ns(), kSettleWithin)) {
    return Fail(ErrorKind::kSystem, "the stream of clients was not served again");
  }
  TakeClientsView(MonotonicNs());
  const Deadline deadline(kEndsWithin);
  while (!sample_.ended_ns && !deadline.Expired()) {
    LookForEnd();
  }
  if (!sample_.ended_ns) {
    return Fail(ErrorKind::kSystem, "the server did not end");
  }
  Result<int64_t> left = ground_.TimeWaits();
  if (!left) {
    return Fail(left.error());
  }
  sample_.left = *left;
  sample_.errors = errors_.Named();
  return {};
}

Result<Sample> Comeback::Measure() {
  Status done = ground_.PauseStream();
  const Result<int64_t> before = ground_.TimeWaits();
  if (!done || !before) {
    return Fail(done ? before.error() : done.error());
  }
  sample_.left_before = *before;
  Die();
  done = strategy_.successor == Successor::kBinds ? SpinOnBind() : SpinOnSuccessor();
  done = done ? Settle() : done;
  if (!done) {
    return Fail(done.error());
  }
  if (sample_.back) {
    ground_.server = std::move(successor_);
  }
  return std::move(sample_);
}

}  // namespace

Result<Sample> MeasureComeback(Ground* ground) {
  Result<ProbingClient> client = ProbingClient::Make(ground->hosts(), ground->port());
  if (!client) {
    return Fail(client.error());
  }
  return Comeback(ground, std::move(*client)).Measure();
}

}  // namespace lastack

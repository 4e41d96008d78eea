#include "rebind/null_run.h"

#include <unistd.h>

#include <chrono>
#include <memory>
#include <utility>

#include "base/time.h"
#include "rebind/child.h"
#include "rebind/error_counter.h"
#include "rebind/inline_server.h"
#include "rebind/listener.h"
#include "rebind/probing.h"
#include "rebind/server.h"

namespace lastack {
namespace {

constexpr uint16_t kFirstPort = 20'000;
constexpr int kNullPeriods = 20'000;
constexpr int kNullComebacks = 50;
constexpr Duration kSettleWithin = std::chrono::seconds(3);

}  // namespace

Result<int64_t> MeasureWithoutDeath(const MeasuringHosts& hosts, uint16_t port) {
  Result<ProbingClient> client = ProbingClient::Make(hosts, port);
  if (!client) {
    return Fail(client.error());
  }
  const ListenPlan plan = PlanListener(hosts, port, {});
  const Deadline deadline(kSettleWithin);
  const int64_t begin_ns = MonotonicNs();
  const ListenOutcome outcome = Listen(plan);
  if (!outcome.socket.valid()) {
    return Fail(SystemError(std::string(outcome.failed) + " failed on a free port", outcome.error));
  }
  const char answer = AnswerOf(1);
  InlineServer server(outcome.socket.get(), answer);
  while (!client->Step(answer)) {
    server.Step();
    if (deadline.Expired()) {
      return Fail(ErrorKind::kSystem, "a listener was there but no client was served");
    }
  }
  return client->answered_ns() - begin_ns;
}

Result<std::vector<int64_t>> MeasurePeriods(const MeasuringHosts& hosts,
                                            uint16_t port,
                                            int rounds) {
  ListenOutcome taken = Listen(PlanListener(hosts, port, {}));
  if (!taken.socket.valid()) {
    return Fail(SystemError(std::string(taken.failed) + " failed on a free port", taken.error));
  }
  const int holds = taken.socket.get();
  Result<Child> owner = Child::Fork({holds}, [] {
    pause();
    return 0;
  });
  if (!owner) {
    return Fail(owner.error());
  }
  taken.socket.Reset();
  const ListenPlan plan = PlanListener(hosts, port, {});
  ErrorCounter errors;
  std::vector<int64_t> periods(static_cast<size_t>(rounds));
  int64_t before_ns = MonotonicNs();
  for (int64_t& period : periods) {
    const bool ended = owner->HasEnded();
    const ListenOutcome outcome = Listen(plan);
    if (ended || outcome.socket.valid()) {
      return Fail(ErrorKind::kSystem, "a port in LISTEN could be bound");
    }
    errors.Add(outcome.failed, outcome.error);
    const int64_t now_ns = MonotonicNs();
    period = now_ns - before_ns;
    before_ns = now_ns;
  }
  return periods;
}

Result<NullRun> MeasureNullRun(Listening listening) {
  Result<std::unique_ptr<MeasuringHosts>> hosts =
      MeasuringHosts::Make({.listening = listening, .connections = 1});
  if (!hosts) {
    return Fail(hosts.error());
  }
  NullRun run;
  run.sysctl = (*hosts)->sysctl();
  Result<std::vector<int64_t>> periods = MeasurePeriods(**hosts, kFirstPort, kNullPeriods);
  if (!periods) {
    return Fail(periods.error());
  }
  run.period_ns = std::move(*periods);
  for (int i = 0; i < kNullComebacks; ++i) {
    Result<int64_t> answered =
        MeasureWithoutDeath(**hosts, static_cast<uint16_t>(kFirstPort + 1 + i));
    if (!answered) {
      return Fail(answered.error());
    }
    run.answered_ns.push_back(*answered);
  }
  return run;
}

}  // namespace lastack

// What a restart consists of, each part by itself and over N connections. The time of each
// iteration is measured inside it (manual time): without what it takes to make the connections.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/time.h"
#include "rebind/clients.h"
#include "rebind/comeback.h"
#include "rebind/ground.h"
#include "rebind/hosts.h"
#include "rebind/listener.h"

namespace lastack {
namespace {

constexpr uint16_t kFirstPort = 20'000;
constexpr int64_t kBuilt = 10'000;  // connections an iteration

double Seconds(int64_t ns) {
  return static_cast<double>(ns) / 1e9;
}

// Null, and the benchmark marked as failed, if the hosts cannot be made.
std::unique_ptr<MeasuringHosts> MakeHosts(benchmark::State& state, int64_t connections) {
  Result<std::unique_ptr<MeasuringHosts>> hosts =
      MeasuringHosts::Make({.connections = connections});
  if (!hosts) {
    state.SkipWithError(hosts.error().message.c_str());
    return nullptr;
  }
  return std::move(*hosts);
}

// bind and listen over N connections in TIME-WAIT; without the option bind fails.
void BindOverTimeWait(benchmark::State& state, const std::vector<SocketOption>& options) {
  const std::unique_ptr<MeasuringHosts> hosts = MakeHosts(state, state.range(0));
  if (!hosts) {
    return;
  }
  {
    const ListenOutcome first = Listen(PlanListener(*hosts, kFirstPort, options));
    const PopulationPlan plan{.port = kFirstPort, .count = state.range(0)};
    if (Status built = BuildTimeWait(*hosts, first.socket.get(), plan); !built) {
      state.SkipWithError(built.error().message.c_str());
      return;
    }
  }
  const ListenPlan plan = PlanListener(*hosts, kFirstPort, options);
  for ([[maybe_unused]] auto unused : state) {
    const int64_t begin_ns = MonotonicNs();
    const ListenOutcome outcome = Listen(plan);
    state.SetIterationTime(Seconds(MonotonicNs() - begin_ns));
    if (outcome.socket.valid() != (!options.empty() || state.range(0) == 0)) {
      state.SkipWithError("bind does not behave as the option says");
      break;
    }
  }
  const Result<int64_t> left = CountTimeWait();
  state.counters["time_wait"] = left ? static_cast<double>(*left) : -1;
}

void BenchBindReuseAddr(benchmark::State& state) {
  BindOverTimeWait(state, {{.name = "SO_REUSEADDR"}});
}
BENCHMARK(BenchBindReuseAddr)
    ->Arg(0)
    ->Arg(100)
    ->Arg(1000)
    ->Arg(10'000)
    ->Arg(100'000)
    ->Iterations(20)
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

void BenchBindWithoutOption(benchmark::State& state) {
  BindOverTimeWait(state, {});
}
BENCHMARK(BenchBindWithoutOption)
    ->Arg(1)
    ->Arg(1000)
    ->Arg(10'000)
    ->Iterations(1000)
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

// Connections made and closed by the server, which leaves each in TIME-WAIT.
void BenchTimeWaitBuilt(benchmark::State& state) {
  const std::unique_ptr<MeasuringHosts> hosts = MakeHosts(state, kBuilt);
  if (!hosts) {
    return;
  }
  uint16_t port = kFirstPort;
  for ([[maybe_unused]] auto unused : state) {
    const ListenOutcome listener = Listen(PlanListener(*hosts, port, {}));
    const int64_t begin_ns = MonotonicNs();
    const Status built =
        BuildTimeWait(*hosts, listener.socket.get(), {.port = port, .count = kBuilt});
    state.SetIterationTime(Seconds(MonotonicNs() - begin_ns));
    if (!built) {
      state.SkipWithError(built.error().message.c_str());
      break;
    }
    ++port;
  }
  state.SetItemsProcessed(state.iterations() * kBuilt);
}
BENCHMARK(BenchTimeWaitBuilt)->Iterations(3)->UseManualTime()->Unit(benchmark::kMillisecond);

// Deaths by SIGKILL, each of a server of its own; `measured` picks the time from the sample.
template <typename Measured>
void Comebacks(benchmark::State& state, Cell cell, const Measured& measured) {
  cell.within = std::chrono::seconds(30);
  const std::unique_ptr<MeasuringHosts> hosts = MakeHosts(state, cell.count);
  if (!hosts) {
    return;
  }
  uint16_t port = kFirstPort;
  for ([[maybe_unused]] auto unused : state) {
    const Result<std::unique_ptr<Ground>> ground = Ground::Prepare(cell, *hosts, "", port++);
    if (!ground) {
      state.SkipWithError(ground.error().message.c_str());
      break;
    }
    const Result<Sample> sample = MeasureComeback(ground->get());
    if (!sample || !sample->back) {
      state.SkipWithError(sample ? "the server was not back" : sample.error().message.c_str());
      break;
    }
    state.SetIterationTime(Seconds(measured(*sample, **ground)));
  }
}

void BenchDeathToListen(benchmark::State& state) {
  const Cell cell{.strategy = "reuseaddr",
                  .population = Population::kEstablished,
                  .count = static_cast<int>(state.range(0))};
  Comebacks(state, cell, [](const Sample& sample, const Ground&) {
    return sample.listening_ns.value_or(0);
  });
}
BENCHMARK(BenchDeathToListen)
    ->Arg(1)
    ->Arg(100)
    ->Arg(1000)
    ->Arg(10'000)
    ->Iterations(3)
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

// From listen to the first answered octet.
void BenchAcceptAfterRestart(benchmark::State& state) {
  Comebacks(state, {.strategy = "reuseaddr"}, [](const Sample& sample, const Ground&) {
    return sample.answered_ns.value_or(0) - sample.listening_ns.value_or(0);
  });
}
BENCHMARK(BenchAcceptAfterRestart)->Iterations(20)->UseManualTime()->Unit(benchmark::kMicrosecond);

// From the successor's question to the listener's arrival in its process.
void BenchHandOver(benchmark::State& state) {
  Comebacks(state, {.strategy = "hand-over"}, [](const Sample&, const Ground& ground) {
    return ground.board()->handed_ns - ground.board()->asked_ns;
  });
}
BENCHMARK(BenchHandOver)->Iterations(20)->UseManualTime()->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace lastack

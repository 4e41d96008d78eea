// What the relay of a wire costs: one segment's way from one host to the other, over a veth pair
// and over the relay, and how many segments per second the relay forwards.
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>
#include <nlohmann/json.hpp>

#include "base/time.h"
#include "wire/build.h"
#include "wire/engine.h"
#include "wire/port.h"
#include "wire/relay_driver.h"

namespace lastack {
namespace {

// Two hosts with one connection; between them a relay, or nothing.
struct Bench {
  VethNetwork network;
  std::unique_ptr<RelayDriver> relay;
  WiredConnection connection;
};

std::unique_ptr<Bench> MakeBench(benchmark::State& state, bool with_relay) {
  Result<VethNetwork> network = MakeVethNetwork(with_relay);
  if (!network) {
    state.SkipWithError(network.error().message.c_str());
    return nullptr;
  }
  auto bench = std::make_unique<Bench>(Bench{std::move(*network), nullptr, {}});
  if (with_relay) {
    bench->relay = std::make_unique<RelayDriver>(bench->network.relay);
    static_cast<void>(bench->relay->AwaitEvent("hello"));
  }
  bench->connection = ConnectHosts(bench->network);
  const int on = 1;
  for (const Fd* end : {&bench->connection.client, &bench->connection.server}) {
    setsockopt(end->get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  }
  if (!bench->connection.server.valid()) {
    state.SkipWithError("cannot connect");
    return nullptr;
  }
  return bench;
}

// Sends back each octet that comes, until the connection ends.
void Echo(const Fd& socket) {
  char octet = 0;
  while (recv(socket.get(), &octet, 1, 0) == 1 && send(socket.get(), &octet, 1, 0) == 1) {
  }
}

// Half of a round trip of one octet, which is one segment each way. The other host's thread has to
// be woken, as a peer has; how long that takes on an idle core is the machine's.
void OneWay(benchmark::State& state, bool with_relay) {
  const std::unique_ptr<Bench> bench = MakeBench(state, with_relay);
  if (bench == nullptr) {
    return;
  }
  std::thread echo(Echo, std::cref(bench->connection.server));
  std::vector<double> ways;
  char octet = 'x';
  for ([[maybe_unused]] auto unused : state) {
    const int64_t begin_ns = MonotonicNs();
    if (send(bench->connection.client.get(), &octet, 1, 0) != 1 ||
        recv(bench->connection.client.get(), &octet, 1, 0) != 1) {
      state.SkipWithError("the octet did not come back");
      break;
    }
    ways.push_back(static_cast<double>(MonotonicNs() - begin_ns) / 2);
  }
  shutdown(bench->connection.client.get(), SHUT_RDWR);
  echo.join();
  std::sort(ways.begin(), ways.end());
  if (!ways.empty()) {
    state.counters["median_us"] = ways[ways.size() / 2] / 1000;
    state.counters["p99_us"] = ways[ways.size() * 99 / 100] / 1000;
  }
}

void BenchOneWayDirect(benchmark::State& state) {
  OneWay(state, false);
}
BENCHMARK(BenchOneWayDirect)->Iterations(20'000)->Unit(benchmark::kMicrosecond);

void BenchOneWayRelay(benchmark::State& state) {
  OneWay(state, true);
}
BENCHMARK(BenchOneWayRelay)->Iterations(20'000)->Unit(benchmark::kMicrosecond);

// Small segments as fast as a packet socket can send them, until the relay has forwarded them all.
void BenchForwarding(benchmark::State& state) {
  constexpr int kBatches = 3000;
  const std::unique_ptr<Bench> bench = MakeBench(state, true);
  if (bench == nullptr) {
    return;
  }
  Result<Port> port = Inside(bench->network.client, [] { return Port::Open("eth0"); });
  if (!port) {
    state.SkipWithError(port.error().message.c_str());
    return;
  }
  const FrameEnds ends{{}, {2, 0, 0, 0, 0, 9}, {"10.77.0.1", 9}, {"10.77.0.9", 9}};  // for nobody
  Segment segment;
  segment.flags.ack = true;
  const std::vector<uint8_t> frame = BuildSegment(ends, segment, {});
  const std::vector<std::span<const uint8_t>> batch(Port::kFramesPerRead, frame);
  nlohmann::json report = bench->relay->AskOk(R"({"do": "report"})");
  const auto before = report.value("forwarded", int64_t{0});
  int64_t sent = 0;
  for ([[maybe_unused]] auto unused : state) {
    for (int i = 0; i < kBatches; ++i) {
      sent += static_cast<int64_t>(port->Send(batch));
    }
    int64_t left = sent;
    while (left > 0) {
      report = bench->relay->AskOk(R"({"do": "report"})");
      left = sent - report.value("forwarded", int64_t{0}) + before -
             report.value("missed", int64_t{0});
    }
  }
  state.SetItemsProcessed(sent);
  state.counters["missed"] = report.value("missed", -1.0);
}
BENCHMARK(BenchForwarding)->UseRealTime()->Unit(benchmark::kMillisecond);

// The relay's own part without its system calls: one full segment through the engine.
void BenchEngine(benchmark::State& state) {
  const FrameEnds ends{{}, {}, {"10.77.0.1", 40000}, {"10.77.0.2", 8080}};
  Segment segment;
  segment.flags.ack = true;
  const std::vector<uint8_t> frame = BuildSegment(ends, segment, std::vector<uint8_t>(1448, 'x'));
  Engine engine({"client", "server"});
  std::vector<WireRule> rules(static_cast<size_t>(state.range(0)));
  for (size_t i = 0; i < rules.size(); ++i) {
    rules[i].name = std::to_string(i);
    rules[i].match.flags = "FIN";
  }
  if (!engine.Add(rules)) {
    state.SkipWithError("the rules are refused");
  }
  for ([[maybe_unused]] auto unused : state) {
    Effects effects;
    engine.OnFrame(0, frame, 1, &effects);
    benchmark::DoNotOptimize(effects.frames.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BenchEngine)->Arg(0)->Arg(4);

}  // namespace
}  // namespace lastack

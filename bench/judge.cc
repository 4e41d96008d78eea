// How long the judge takes: a run of N connections that close normally, from raw evidence to the
// verdict.
#include "judge/judge.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "scenario/load.h"
#include "wire/build.h"

namespace lastack {
namespace {

constexpr int64_t kStepNs = 1'000;  // between one segment and the next

constexpr Flags kSyn{.syn = true};
constexpr Flags kSynAck{.syn = true, .ack = true};
constexpr Flags kAck{.ack = true};
constexpr Flags kFinAck{.fin = true, .ack = true};

std::string Source(int64_t connections) {
  return fmt::format(
      "scenario: 1\n"
      "title: The client closes first\n"
      "steps:\n"
      "  - server: listen\n"
      "  - client: {{connect: {{times: {0}, as: c}}}}\n"
      "  - server: {{accept: {{times: {0}, as: s}}}}\n"
      "  - client: {{close: \"c*\"}}\n"
      "  - server: {{close: \"s*\"}}\n"
      "expect:\n"
      "  segments: {{\"c*\": [client FIN, server ACK, server FIN, client ACK]}}\n",
      connections);
}

// What a run leaves behind, written down without a run.
class Forge {
 public:
  Forge() {
    evidence_.captures = {{.host = "client", .interfaces = {"eth0"}, .frames = {}},
                          {.host = "server", .interfaces = {"eth0"}, .frames = {}}};
    Add("host:client", ClockRead{0, 0});
    Add("host:server", ClockRead{0, 0});
  }

  void Exchange(int64_t number) {
    const SocketAddress client{"10.77.0.1", static_cast<uint16_t>(20'000 + number)};
    const SocketAddress server{"10.77.0.2", 8080};
    Both(client, server, kSyn, 100, 0);
    Both(server, client, kSynAck, 500, 101);
    Both(client, server, kAck, 101, 501);
    connects_.push_back(Made(fmt::format("c{}", number), client, server));
    accepts_.push_back(Made(fmt::format("s{}", number), server, client));
    closings_.emplace_back(client, server);
  }

  Evidence Finish() {
    Step(0, "server", {Result("listener")});
    Step(1, "client", std::move(connects_));
    Step(2, "server", std::move(accepts_));
    std::vector<CallResult> closed_client;
    std::vector<CallResult> closed_server;
    for (size_t i = 0; i < closings_.size(); ++i) {
      const auto& [client, server] = closings_[i];
      Both(client, server, kFinAck, 101, 501);
      Both(server, client, kAck, 501, 102);
      Both(server, client, kFinAck, 501, 102);
      Both(client, server, kAck, 102, 502);
      closed_client.push_back(Result(fmt::format("c{}", i + 1)));
      closed_server.push_back(Result(fmt::format("s{}", i + 1)));
    }
    Step(3, "client", std::move(closed_client));
    Step(4, "server", std::move(closed_server));
    return std::move(evidence_);
  }

 private:
  [[nodiscard]] CallResult Result(const std::string& name) const {
    return {.name = name, .t0_ns = now_ns_, .t1_ns = now_ns_, .value = 0};
  }
  [[nodiscard]] CallResult Made(const std::string& name,
                                const SocketAddress& local,
                                const SocketAddress& remote) const {
    CallResult result = Result(name);
    result.socket = Endpoint{
        .name = name, .family = Family::kV4, .local = local, .remote = remote, .cookie = 1};
    return result;
  }

  void Add(const std::string& source, EventData data) {
    evidence_.events.push_back({.id = static_cast<int64_t>(evidence_.events.size()) + 1,
                                .source = source,
                                .t_ns = now_ns_,
                                .data = std::move(data)});
  }

  void Step(int step, const std::string& peer, std::vector<CallResult> results) {
    Add("runner", StepStarted{step});
    Add("peer:" + peer,
        CallFinished{.call = step + 1, .step = step, .peer = peer, .results = std::move(results)});
    Add("runner", StepFinished{step, ""});
  }

  // The segment in the sender's capture, then in the receiver's.
  void Both(
      const SocketAddress& from, const SocketAddress& to, Flags flags, uint32_t seq, uint32_t ack) {
    Segment segment;
    segment.flags = flags;
    segment.seg_seq = seq;
    segment.seg_ack = ack;
    segment.seg_wnd = 502;
    const std::vector<uint8_t> frame = BuildSegment({{}, {}, from, to}, segment, {});
    const bool by_client = to.port == 8080;
    for (const bool at_client : {by_client, !by_client}) {
      now_ns_ += kStepNs;
      evidence_.captures[at_client ? 0 : 1].frames.push_back(
          {.realtime_ns = now_ns_,
           .length = static_cast<uint32_t>(frame.size()),
           .direction = at_client == by_client ? Direction::kOut : Direction::kIn,
           .interface = 0,
           .data = frame,
           .comments = {}});
    }
  }

  Evidence evidence_;
  int64_t now_ns_ = 0;
  std::vector<CallResult> connects_;
  std::vector<CallResult> accepts_;
  std::vector<std::pair<SocketAddress, SocketAddress>> closings_;
};

void BenchJudge(benchmark::State& bench) {
  const int64_t connections = bench.range(0);
  const auto variants = LoadScenarioText("bench/judge.yaml", "bench/judge", Source(connections));
  if (!variants) {
    bench.SkipWithError(variants.error().message.c_str());
    return;
  }
  Forge forge;
  for (int64_t number = 1; number <= connections; ++number) {
    forge.Exchange(number);
  }
  const Evidence evidence = forge.Finish();
  for ([[maybe_unused]] auto unused : bench) {
    const Judgement judgement = Judge(variants->front().scenario, evidence);
    if (judgement.verdict != Verdict::kPass) {
      bench.SkipWithError(judgement.headline.c_str());
      return;
    }
  }
  bench.SetItemsProcessed(bench.iterations() * connections);
}
BENCHMARK(BenchJudge)->Arg(1)->Arg(100)->Arg(1000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace lastack

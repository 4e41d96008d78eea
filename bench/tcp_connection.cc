// How many segments per second the state machine of one endpoint takes.
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "tcp/connection.h"
#include "tcp/segment.h"

namespace lastack {
namespace {

using Trace = std::vector<std::pair<Direction, Segment>>;

constexpr uint32_t kPayload = 1448;  // bytes, of one segment at an MTU of 1500
constexpr uint32_t kClientIss = 1000;
constexpr uint32_t kServerIss = 0xffff0000;  // so that long traces wrap around

// One end's view of a connection while it is written: what it sends next.
class TraceWriter {
 public:
  void Send(const Flags& flags, uint32_t bytes) {
    Add(Direction::kOut, &client_, server_, flags, bytes);
  }
  void Receive(const Flags& flags, uint32_t bytes) {
    Add(Direction::kIn, &server_, client_, flags, bytes);
  }
  [[nodiscard]] Trace Take() { return std::move(trace_); }

 private:
  void Add(Direction direction,
           uint32_t* own_nxt,
           uint32_t other_nxt,
           const Flags& flags,
           uint32_t bytes) {
    Segment segment;
    segment.seg_seq = *own_nxt;
    segment.seg_ack = flags.ack ? other_nxt : 0;
    segment.seg_wnd = UINT16_MAX;
    segment.seg_len = bytes;
    segment.flags = flags;
    *own_nxt += SequenceLength(segment);
    trace_.emplace_back(direction, segment);
  }

  uint32_t client_ = kClientIss;
  uint32_t server_ = kServerIss;
  Trace trace_;
};

// The client's trace of a connection that receives that many segments and closes first.
Trace WholeConnection(int64_t data_segments) {
  TraceWriter writer;
  writer.Send({.syn = true}, 0);
  writer.Receive({.syn = true, .ack = true}, 0);
  writer.Send({.ack = true}, 0);
  for (int64_t i = 0; i < data_segments; ++i) {
    writer.Receive({.ack = true}, kPayload);
    writer.Send({.ack = true}, 0);
  }
  writer.Send({.fin = true, .ack = true}, 0);
  writer.Receive({.ack = true}, 0);
  writer.Receive({.fin = true, .ack = true}, 0);
  writer.Send({.ack = true}, 0);
  return writer.Take();
}

void BenchConnection(benchmark::State& bench) {
  const Trace trace = WholeConnection(bench.range(0));
  State last = State::kClosed;
  for ([[maybe_unused]] auto unused : bench) {
    Connection connection;
    for (const auto& [direction, segment] : trace) {
      benchmark::DoNotOptimize(connection.Feed(direction, segment));
    }
    last = connection.state();
  }
  if (last != State::kTimeWait) {
    bench.SkipWithError("the trace does not end in TIME-WAIT");
  }
  bench.SetItemsProcessed(bench.iterations() * static_cast<int64_t>(trace.size()));
}
BENCHMARK(BenchConnection)->Arg(0)->Arg(100)->Arg(100'000);

}  // namespace
}  // namespace lastack

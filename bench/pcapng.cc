// How fast captures are written as pcapng and read back.
#include "record/pcapng.h"

#include <cstdint>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "record/evidence.h"

namespace lastack {
namespace {

constexpr uint32_t kSnaplen = 128;  // bytes, of a 1514-byte frame
constexpr uint32_t kFrameLength = 1514;
constexpr int64_t kFirstNs = 1'700'000'000'000'000'000;

Capture MakeCapture(int64_t frames) {
  Capture capture{.host = "client", .interfaces = {"eth0", "lo"}, .frames = {}};
  for (int64_t i = 0; i < frames; ++i) {
    Frame frame;
    frame.realtime_ns = kFirstNs + i;
    frame.length = kFrameLength;
    frame.direction = i % 2 == 0 ? Direction::kOut : Direction::kIn;
    frame.data.assign(kSnaplen, static_cast<uint8_t>(i));
    if (i % 10 == 0) {
      frame.comments = {"server: close (scenario.yaml:12)"};
    }
    capture.frames.push_back(frame);
  }
  return capture;
}

PcapngHeader MakeHeader() {
  PcapngHeader header;
  header.comments = {"normal/active-close-client.v4: PASS"};
  header.application = "lastack";
  header.names = {{"10.77.0.1", "client"}, {"10.77.0.2", "server"}};
  header.dropped = {0, 0};
  header.snaplen = kSnaplen;
  return header;
}

void BenchEncodePcapng(benchmark::State& bench) {
  const Capture capture = MakeCapture(bench.range(0));
  const PcapngHeader header = MakeHeader();
  std::string file;
  for ([[maybe_unused]] auto unused : bench) {
    file = EncodePcapng(capture, header, 1);
    benchmark::DoNotOptimize(file.data());
  }
  bench.SetItemsProcessed(bench.iterations() * bench.range(0));
  bench.SetBytesProcessed(bench.iterations() * static_cast<int64_t>(file.size()));
}
BENCHMARK(BenchEncodePcapng)->Arg(20)->Arg(100'000);

void BenchDecodePcapng(benchmark::State& bench) {
  const std::string text = EncodePcapng(MakeCapture(bench.range(0)), MakeHeader(), 1);
  const std::vector<uint8_t> file(text.begin(), text.end());
  for ([[maybe_unused]] auto unused : bench) {
    const Result<Capture> capture = DecodePcapng(file.data(), file.size());
    if (!capture) {
      bench.SkipWithError(capture.error().message.c_str());
      break;
    }
    benchmark::DoNotOptimize(capture->frames.size());
  }
  bench.SetItemsProcessed(bench.iterations() * bench.range(0));
  bench.SetBytesProcessed(bench.iterations() * static_cast<int64_t>(file.size()));
}
BENCHMARK(BenchDecodePcapng)->Arg(20)->Arg(100'000);

}  // namespace
}  // namespace lastack

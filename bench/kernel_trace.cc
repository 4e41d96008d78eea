// What the traced kernel costs: loading the programs, and one connection over lo with and without
// them; and how many connections a second are watched without a loss.
#include "observe/bpf/kernel_trace.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <benchmark/benchmark.h>

#include "base/fd.h"
#include "base/socket_address.h"
#include "record/fresh_namespace.h"

namespace lastack {
namespace {

constexpr uint16_t kPort = 8080;

// A listener, in a namespace of this program's own.
class Loopback {
 public:
  Loopback() {
    static_cast<void>(EnterFreshNamespace());
    const Fd here(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    netns_ = NetnsIdOf(here.get()).value_or(0);
    length_ = ToSockaddr({"127.0.0.1", kPort}, AF_INET, &address_).value_or(0);
    listener_ = Fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    good_ = bind(listener_.get(), Address(), length_) == 0 && listen(listener_.get(), 1) == 0;
  }

  // Opens one, and closes it: the client first, without waiting for TIME-WAIT (a RST ends it).
  bool Connect() {
    const Fd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    if (connect(client.get(), Address(), length_) != 0) {
      return false;
    }
    const Fd server(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    shutdown(server.get(), SHUT_WR);
    return true;
  }
  [[nodiscard]] NetnsId netns() const { return netns_; }
  [[nodiscard]] bool good() const { return good_; }

 private:
  [[nodiscard]] const sockaddr* Address() const {
    return static_cast<const sockaddr*>(static_cast<const void*>(&address_));
  }

  sockaddr_storage address_{};
  socklen_t length_ = 0;
  NetnsId netns_ = 0;
  Fd listener_;
  bool good_ = false;
};

void BenchLoad(benchmark::State& state) {
  for (auto _ : state) {
    auto trace = KernelTrace::Load();
    if (!trace) {
      state.SkipWithError(trace.error().message.c_str());
      return;
    }
    state.PauseTiming();  // taking the programs down waits for grace periods
    trace->reset();
    state.ResumeTiming();
  }
}
BENCHMARK(BenchLoad)->Unit(benchmark::kMillisecond)->Iterations(5)->Repetitions(3);

void BenchConnection(benchmark::State& state) {
  Loopback loopback;
  const bool traced = state.range(0) != 0;
  const auto trace = KernelTrace::Load();
  if (!loopback.good() || (traced && !trace)) {
    state.SkipWithError("no loopback, or no trace");
    return;
  }
  if (traced) {
    static_cast<void>((*trace)->Watch(loopback.netns()));
  }
  for (auto _ : state) {
    if (!loopback.Connect()) {
      state.SkipWithError("cannot connect");
      return;
    }
  }
  state.SetItemsProcessed(state.iterations());
  if (traced) {
    const Traced taken = (*trace)->Take(loopback.netns());
    const auto connections = static_cast<double>(state.iterations());
    state.counters["events"] = static_cast<double>(taken.events.size()) / connections;
    state.counters["lost"] = static_cast<double>(taken.lost);
  }
}
BENCHMARK(BenchConnection)
    ->ArgName("traced")
    ->Arg(0)
    ->Arg(1)
    ->Iterations(100'000)
    ->Repetitions(3)
    ->UseRealTime();

}  // namespace
}  // namespace lastack

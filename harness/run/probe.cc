#include "run/probe.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace lastack {
namespace {

constexpr Duration kPeriod = std::chrono::milliseconds(5);
constexpr Duration kWorthKeeping = std::chrono::milliseconds(1);
constexpr size_t kMostKept = 100'000;

struct Overshoot {
  int64_t begin_ns;
  int64_t end_ns;
};

// What the probe thread shares with those who ask.
struct ProbeState {
  std::mutex mutex;
  std::condition_variable stop_changed;
  bool stop = false;
  std::deque<Overshoot> overshoots;  // those worth keeping, by time
  std::thread thread;
};

ProbeState& Shared() {
  static ProbeState state;
  return state;
}

void Probe() {
  ProbeState& state = Shared();
  std::unique_lock lock(state.mutex);
  while (!state.stop) {
    const int64_t due_ns = MonotonicNs() + kPeriod.count();
    state.stop_changed.wait_for(lock, kPeriod);
    const int64_t now_ns = MonotonicNs();
    if (now_ns - due_ns > kWorthKeeping.count()) {
      state.overshoots.push_back({due_ns, now_ns});
      if (state.overshoots.size() > kMostKept) {
        state.overshoots.pop_front();
      }
    }
  }
}

}  // namespace

OvershootProbe::OvershootProbe() {
  Shared().stop = false;
  Shared().thread = std::thread(Probe);
}

OvershootProbe::~OvershootProbe() {
  {
    const std::lock_guard lock(Shared().mutex);
    Shared().stop = true;
  }
  Shared().stop_changed.notify_all();
  Shared().thread.join();
}

Duration OvershootProbe::Largest(int64_t from_ns, int64_t to_ns) {
  const std::lock_guard lock(Shared().mutex);
  int64_t largest = 0;
  for (const Overshoot& overshoot : Shared().overshoots) {
    if (overshoot.end_ns >= from_ns && overshoot.begin_ns <= to_ns) {
      largest = std::max(largest, overshoot.end_ns - overshoot.begin_ns);
    }
  }
  return Duration(largest);
}

void RecordProbes(RunContext* run) {
  const Duration largest = OvershootProbe::Largest(run->step_started_ns, MonotonicNs());
  if (largest > kOvershootMargin) {
    run->recorder->Add(ProbeRead{"wake-up overshoot", run->step, largest, kOvershootMargin});
  }
}

}  // namespace lastack

#include "host/state_waits.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include <nlohmann/json.hpp>

#include "record/event_json.h"

namespace lastack {
namespace {

constexpr Duration kFirstPause = std::chrono::microseconds(50);
constexpr Duration kLongestPause = std::chrono::milliseconds(1);
constexpr Duration kPatience = std::chrono::seconds(1);  // after that:
constexpr Duration kPatientPause = std::chrono::milliseconds(5);
constexpr int64_t kNsPerSecond = 1'000'000'000;

bool Reached(const StateWait& wait, const std::vector<StateSample>& samples) {
  for (size_t i = 0; i < samples.size(); ++i) {
    if (std::ranges::find(wait.states[i], samples[i].state) == wait.states[i].end()) {
      return false;
    }
  }
  return true;
}

}  // namespace

Result<Sampling> SampleNow(SockDiag* diag, const std::vector<Endpoint>& sockets) {
  Sampling sampling;
  sampling.t0_ns = MonotonicNs();
  Result<std::vector<StateSample>> samples = diag->Sample(sockets);
  sampling.t1_ns = MonotonicNs();
  if (!samples) {
    return Fail(samples.error());
  }
  sampling.samples = std::move(*samples);
  return sampling;
}

nlohmann::json SamplingToJson(const Sampling& sampling) {
  nlohmann::json samples = nlohmann::json::array();
  for (const StateSample& sample : sampling.samples) {
    samples.push_back(SampleToJson(sample));
  }
  return {{"t0", sampling.t0_ns}, {"t1", sampling.t1_ns}, {"samples", std::move(samples)}};
}

Result<StateWaits> StateWaits::Create(SockDiag* diag, Output* output) {
  StateWaits waits(diag, output);
  waits.timer_ = Fd(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!waits.timer_.valid()) {
    return FailErrno("cannot make a timer");
  }
  return waits;
}

void StateWaits::Add(StateWait wait) {
  Pending pending{std::move(wait), MonotonicNs(), 0, kFirstPause};
  if (!Try(&pending)) {
    pending_.push_back(std::move(pending));
    Arm();
  }
}

void StateWaits::Tick() {
  uint64_t expirations = 0;
  if (read(timer_.get(), &expirations, sizeof(expirations)) < 0) {
    return;  // not due
  }
  const int64_t now_ns = MonotonicNs();
  std::erase_if(pending_,
                [&](Pending& pending) { return pending.due_ns <= now_ns && Try(&pending); });
  Arm();
}

bool StateWaits::Try(Pending* pending) {
  const StateWait& wait = pending->wait;
  const Result<Sampling> sampling = SampleNow(diag_, wait.sockets);
  if (!sampling) {
    output_->Failed(wait.id, sampling.error());
    return true;
  }
  const bool reached = Reached(wait, sampling->samples);
  const int64_t end_ns = pending->started_ns + wait.within.count();
  if (reached || sampling->t0_ns >= end_ns) {
    nlohmann::json answer = SamplingToJson(*sampling);
    answer["reached"] = reached;
    output_->Ok(wait.id, answer);
    return true;
  }
  // Sampling many sockets takes its time; at least half of it belongs to the rest of the host.
  const Duration cost(sampling->t1_ns - sampling->t0_ns);
  pending->due_ns = std::min(sampling->t1_ns + std::max(pending->pause, cost).count(), end_ns);
  const Duration waited(sampling->t1_ns - pending->started_ns);
  pending->pause = waited > kPatience ? kPatientPause : std::min(pending->pause * 2, kLongestPause);
  return false;
}

void StateWaits::Arm() {
  itimerspec timer{};  // zero: disarmed
  if (!pending_.empty()) {
    const int64_t due_ns = std::ranges::min_element(pending_, {}, &Pending::due_ns)->due_ns;
    timer.it_value = {due_ns / kNsPerSecond, due_ns % kNsPerSecond};
  }
  timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &timer, nullptr);
}

}  // namespace lastack

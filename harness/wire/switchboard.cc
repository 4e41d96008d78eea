// Moving frames between ports and engine.
#include "wire/switchboard.h"

#include <span>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/time.h"
#include "wire/rule_json.h"

namespace lastack {
namespace {

// A drain ends even if frames come faster than they are dealt with: what was there at its beginning
// is less than this (64 MiB of socket buffer hold about 80,000 of the smallest).
constexpr size_t kBatchesPerDrain = 2048;

}  // namespace

size_t Switchboard::Read(size_t from) {
  Effects effects;
  const size_t count = ports_.at(from).Read([&](std::span<const uint8_t> frame) {
    engine_.OnFrame(from, frame, MonotonicNs(), &effects);
  });
  Apply(effects);
  return count;
}

void Switchboard::Drain() {
  for (size_t from = 0; from < ports_.size(); ++from) {
    for (size_t batch = 0; batch < kBatchesPerDrain; ++batch) {
      if (Read(from) < Port::kFramesPerRead) {
        break;
      }
    }
  }
}

void Switchboard::OnTime() {
  Effects effects;
  engine_.OnTime(MonotonicNs(), &effects);
  Apply(effects);
}

// Frames first: the segments are what matters in time.
void Switchboard::Apply(const Effects& effects) {
  for (size_t to = 0; to < ports_.size(); ++to) {
    std::vector<std::span<const uint8_t>> frames;
    for (const OutgoingFrame& frame : effects.frames) {
      if (frame.to == to) {
        frames.emplace_back(frame.bytes);
      }
    }
    if (!frames.empty()) {
      forwarded_ += static_cast<int64_t>(ports_.at(to).Send(frames));
    }
  }
  for (const Decision& decision : effects.decisions) {
    writer_->Event(DecisionToJson(decision, engine_.hosts()));
  }
}

Status Switchboard::Attach(size_t host, const std::string& interface) {
  Result<Port> port = Port::Open(interface);
  if (!port) {
    return Fail(port.error());
  }
  former_.push_back(std::exchange(ports_.at(host), std::move(*port)));
  return {};
}

int64_t Switchboard::Missed() {
  int64_t missed = 0;
  for (Port& port : ports_) {
    missed += port.Missed();
  }
  for (Port& port : former_) {
    missed += port.Missed();
  }
  return missed;
}

}  // namespace lastack

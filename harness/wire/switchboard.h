// The relay's two ports and the engine between them.
//
// Threads: belongs to the relay's thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "wire/engine.h"
#include "wire/line_writer.h"
#include "wire/port.h"

namespace lastack {

class Switchboard {
 public:
  // The writer must outlive it; decisions are written to it.
  Switchboard(HostNames hosts, std::array<Port, 2> ports, LineWriter* writer)
      : engine_(std::move(hosts)), ports_(std::move(ports)), writer_(writer) {}

  // Reads a batch of a host's frames and deals with them; returns how many there were.
  size_t Read(size_t from);
  // Deals with all frames that are there by now.
  void Drain();
  // Lets go what is due.
  void OnTime();

  // The host has been replaced: its frames come and go at this interface from now on.
  [[nodiscard]] Status Attach(size_t host, const std::string& interface);

  // For requests; what has come out of the engine is carried out by Apply.
  [[nodiscard]] Engine* engine() { return &engine_; }
  void Apply(const Effects& effects);

  // When OnTime is to be called.
  [[nodiscard]] std::optional<int64_t> NextDueNs() const { return engine_.NextDueNs(); }
  [[nodiscard]] int fd(size_t host) const { return ports_.at(host).fd(); }
  [[nodiscard]] int64_t forwarded() const { return forwarded_; }
  [[nodiscard]] int64_t Missed();

 private:
  Engine engine_;
  std::array<Port, 2> ports_;
  // Of hosts that were replaced. Left open: closing a packet socket waits for an RCU grace period,
  // and frames would wait with it.
  std::vector<Port> former_;
  LineWriter* writer_;
  int64_t forwarded_ = 0;
};

}  // namespace lastack

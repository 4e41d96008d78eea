// The record of a run: appends what happened, in the order in which it became known.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"
#include "record/evidence.h"

namespace lastack {

class Recorder {
 public:
  // Appends an event that its source stamped with CLOCK_MONOTONIC `t_ns`.
  void Add(std::string source, int64_t t_ns, EventData data);
  // Appends one of the runner's own, stamped now.
  void Add(EventData data);

  // Begins the capture of a host, or goes on with it. Its frames then come through AddFrames.
  void BeginCapture(const std::string& host, std::vector<std::string> interfaces);
  // Appends the frames of a `frames` event. Fails if the event is not as the protocol says.
  [[nodiscard]] Status AddFrames(const std::string& host, const nlohmann::json& event);

  [[nodiscard]] const Evidence& evidence() const { return evidence_; }
  [[nodiscard]] size_t frame_count() const { return frame_count_; }
  [[nodiscard]] Evidence Take() { return std::move(evidence_); }

 private:
  Evidence evidence_;
  size_t frame_count_ = 0;
};

}  // namespace lastack

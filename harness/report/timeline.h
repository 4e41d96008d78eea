// The story of a run in the order of time: what a ladder draws and timeline.json lists.
//
// Times are CLOCK_MONOTONIC nanoseconds since the first entry.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "judge/finding.h"
#include "judge/reconstruct.h"
#include "record/evidence.h"
#include "scenario/model.h"

namespace lastack {

struct TimelineEntry {
  enum class Kind { kStep, kCall, kSegment, kKernelState, kEvent } kind = Kind::kEvent;
  int64_t t_ns = 0;
  std::string host;  // where: of a segment its sender
  std::string text;  // "client: close → ok", "FIN,ACK", "TIME-WAIT"
  int step = kAfterLastStep;
  // Segments only.
  int64_t sent_packet = 0;      // number in the sender's capture; 0: not captured there
  int64_t received_packet = 0;  // in the receiver's; 0: it never arrived
  int64_t received_ns = 0;
  uint32_t bytes = 0;
  bool pure = true;            // an ACK or data: no SYN, FIN or RST
  int connection = -1;         // index into Reconstruction::connections
  std::string sender_state;    // the state that sending it led to; empty: no change
  std::string receiver_state;  // the state that receiving it led to
  bool lost = false;           // the relay did not pass it on
  bool injected = false;       // the relay made it
  bool marked = false;         // a finding rests on it
  std::string reason;          // why the kernel sent it, of a RST; empty: not known
};

struct TimelineEnd {  // one side of the ladder
  std::string host;
  std::string title;  // "client 10.77.0.1:40112"
};

struct Timeline {
  std::vector<TimelineEnd> ends;  // two: left and right
  std::vector<TimelineEntry> entries;
};

[[nodiscard]] Timeline MakeTimeline(const Scenario& scenario,
                                    const Evidence& evidence,
                                    const Judgement& judgement);

}  // namespace lastack

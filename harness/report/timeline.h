// The story of a run in the order of time: what a ladder draws and timeline.json lists.
//
// Times are CLOCK_MONOTONIC nanoseconds since the first entry.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "judge/finding.h"
#include "judge/reconstruct.h"
#include "record/evidence.h"
#include "scenario/model.h"

namespace lastack {

constexpr int kNoFinding = -1;

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
  int connection = -1;         // index into Timeline::connections
  std::string sender_state;    // the state that sending it led to; empty: no change
  std::string receiver_state;  // the state that receiving it led to
  bool lost = false;           // the relay did not pass it on
  bool injected = false;       // the relay made it
  bool marked = false;         // a finding rests on it
  bool from_initiator = true;  // sent by the end that sent the connection's first SYN
  bool retransmitted = false;  // all that it carries had been sent before
  uint32_t seq = 0;            // counted from the SYN of its sender
  uint32_t ack = 0;            // counted from the other end's SYN; meaningful with has_ack
  bool has_ack = false;
  uint32_t window = 0;  // as in the header
  std::string reason;   // of a RST, from the kernel; empty: not known
  // Calls and events.
  std::vector<std::string> endpoints;  // that it is about; empty: the host as a whole
  int finding = kNoFinding;            // index into Timeline::findings
};

struct TimelineEnd {  // one side of the ladder
  std::string host;
  std::string title;  // "client 10.77.0.1:40112"
};

// A state of one endpoint as one witness saw it.
struct TimelineState {
  std::string state;
  int64_t t_ns = 0;  // of a sample its end
  bool kernel = false;
  int64_t packet = 0;  // that led to it, in the capture of the endpoint's host; the kernel's: 0
  std::string cause;   // "received FIN"
  int64_t event = 0;   // the kernel's: its id
  int finding = kNoFinding;
};

// One end of one connection.
struct TimelineEndpoint {
  std::string name;  // in the scenario; empty: no call ever had it
  std::string host;
  std::string address;
  std::vector<TimelineState> states;  // those of the wire, then those of the kernel
};

struct TimelineConnection {
  std::array<TimelineEndpoint, 2> ends;  // who sent the first SYN; the other
};

struct TimelineStep {
  std::string text;
  int line = 0;
};

// A finding in as few words as fit a drawing.
struct TimelineFinding {
  std::string want;
  std::string got;
  int line = 0;
  std::string endpoint;   // that it is about, if it says so
  bool attached = false;  // an entry or a state refers to it
};

struct Timeline {
  std::vector<TimelineEnd> ends;  // two: left and right
  std::vector<TimelineEntry> entries;
  std::vector<TimelineConnection> connections;
  std::vector<TimelineStep> steps;
  std::vector<TimelineFinding> findings;  // in the order of the judgement's
};

[[nodiscard]] Timeline MakeTimeline(const Scenario& scenario,
                                    const Evidence& evidence,
                                    const Judgement& judgement);

}  // namespace lastack

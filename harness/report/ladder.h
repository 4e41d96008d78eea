// The ladder of a connection: what its drawings, as text and as SVG, show, and nothing of how.
//
// Units: times are nanoseconds since the first entry of the timeline.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "report/timeline.h"

namespace lastack {

enum class LadderSide { kLeft, kRight, kMiddle };

// What colours a state: who began the close, who followed, who waits.
enum class LadderRole { kOpen, kActive, kPassive, kTimeWait, kClosed };

struct LadderItem {
  enum class Kind { kArrow, kFold, kCall, kState, kEvent } kind = Kind::kEvent;
  LadderSide side = LadderSide::kMiddle;  // of an arrow its sender's; of a fold the middle
  int64_t t_ns = 0;
  int64_t end_ns = 0;   // arrow: when it arrived; fold: of the last in it; else t_ns
  std::string text;     // "FIN,ACK"; "close → ok"; "37 data segments, 52 KiB"
  std::string numbers;  // arrow: "seq=1 ack=1 len=5"
  std::string reason;   // arrow of a RST: the kernel's, where it is known
  std::string fields;   // all there is to know, a line each
  int step = kAfterLastStep;
  int line = 0;          // of that step in the scenario's file; 0: of none
  std::string mismatch;  // "want …, got …"; empty: as expected
  bool marked = false;   // a finding rests on it, though its text may stand elsewhere
  // Arrows only.
  int64_t sent_packet = 0;
  int64_t received_packet = 0;
  uint32_t bytes = 0;
  bool control = false;  // SYN, FIN or RST
  bool rst = false;
  bool lost = false;
  bool retransmitted = false;
  bool injected = false;
  bool duplicate = false;             // arrived once more than it was sent
  std::array<std::string, 2> states;  // that it led to at the left and at the right
};

// A time that an endpoint spent in one state.
struct LadderBox {
  std::string state;
  LadderRole role = LadderRole::kOpen;
  int64_t from_ns = 0;
  int64_t to_ns = 0;
  bool kernel_only = false;  // no segment showed it
  std::string cause;
  std::string mismatch;
};

struct LadderEnd {
  std::string title;  // "client 10.77.0.1:40112"
  std::string part;   // "active close (first)", "reset by peer"; empty: did not close
  std::vector<LadderBox> boxes;
};

struct LadderSilence {
  int64_t from_ns = 0;
  int64_t to_ns = 0;
};

struct Ladder {
  std::string story;  // "client closed first, server after it; client is left in TIME-WAIT"
  std::array<LadderEnd, 2> ends;  // left and right
  std::vector<LadderItem> items;  // in the order of time
  std::vector<LadderSilence> silences;
  std::vector<std::string> missing;  // mismatches about what did not happen
  int64_t end_ns = 0;
};

// Connections that went the same way.
struct LadderGroup {
  size_t connections = 0;
  std::string example;                // "client c17 10.77.0.1:40112 – server 10.77.0.2:8080"
  std::array<std::string, 2> states;  // "ESTABLISHED, CLOSE-WAIT, LAST-ACK, CLOSED"
  std::string segments;               // "client FIN, server FIN"
};

struct Ladders {
  std::vector<Ladder> ladders;      // of the first connections, and of those with a finding
  std::vector<LadderGroup> groups;  // of all, if there are more connections than ladders
  size_t connections = 0;
};

[[nodiscard]] Ladders MakeLadders(const Timeline& timeline);

// "want …, got … (:16)" of the first finding; empty if there is none.
[[nodiscard]] std::string FirstMismatch(const Timeline& timeline);

// UTF-8, at most 100 columns, without colour.
[[nodiscard]] std::string DrawText(const Ladders& ladders);

// Both in one.
[[nodiscard]] std::string DrawLadder(const Timeline& timeline);

}  // namespace lastack

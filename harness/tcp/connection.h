// The state of one endpoint of a connection, derived from the segments at that endpoint alone.
//
// Feed it every segment that a tap at the endpoint saw, in the tap's order. What no segment shows (a close() whose FIN
// waits behind data, a timer) it cannot know: those are the blind spots of a wire witness.
// Sources: RFC 9293 3.3.2 (diagram), 3.10.7 (processing of arriving segments), RFC 5961 3 and 4 (a RST or SYN
// must match exactly), RFC 7323 5 (PAWS), RFC 6191 and RFC 9293 3.10.7.4 (SYN in TIME-WAIT).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tcp/segment.h"
#include "tcp/state.h"

namespace lastack {

// A change of state and the segment that caused it.
struct Transition {
  State from = State::kClosed;
  State to = State::kClosed;
  size_t segment = 0;  // how many segments had been fed before this one
  std::string cause;   // "sent FIN", "received the ACK of the FIN", "received RST" …
};

class Connection {
 public:
  // The endpoint starts CLOSED; a sent SYN makes it SYN-SENT, a received SYN answered by SYN,ACK
  // SYN-RECEIVED (a listener is not seen on the wire). A trace that begins in the middle starts at
  // ESTABLISHED with the first segment that is neither SYN nor RST.
  Connection() = default;

  // Takes the next segment at this endpoint's tap. `direction` is kOut for what the endpoint sent.
  // Returns the transitions it caused (usually none, at most two).
  std::vector<Transition> Feed(Direction direction, const Segment& segment);

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] const std::vector<Transition>& transitions() const { return transitions_; }

 private:
  // (private parts are the implementer's)
  State state_ = State::kClosed;
  std::vector<Transition> transitions_;
};

}  // namespace lastack

// The frame of Connection: which segment goes where, and how a change of state is noted.
#include "tcp/connection.h"

#include <algorithm>

namespace lastack {

std::vector<Transition> Connection::Feed(Direction direction, const Segment& segment) {
  if (!taken_over_) {
    if (direction == Direction::kOut) {
      Sent(segment);
    } else {
      Received(segment);
    }
  }
  const auto first = std::find_if(transitions_.begin(),
                                  transitions_.end(),
                                  [this](const Transition& t) { return t.segment == fed_; });
  ++fed_;
  return {first, transitions_.end()};
}

void Connection::Move(State to, std::string_view why) {
  const bool forgets = to == State::kTimeWait && options_.no_time_wait;
  const State reached = forgets ? State::kClosed : to;
  transitions_.push_back({state_, reached, fed_, std::string(why)});
  state_ = reached;
  ended_ = reached == State::kClosed;
}

void Connection::BeginInTheMiddle(Direction direction, const Segment& segment) {
  if (direction == Direction::kIn) {
    rcv_.emplace(segment.seg_seq);
  }
  Move(State::kEstablished, cause::kTraceBegins);
}

}  // namespace lastack

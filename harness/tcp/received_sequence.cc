// Keeps what arrived out of order until the gap before it is filled.
#include "tcp/received_sequence.h"

#include <algorithm>

namespace lastack {

int64_t ReceivedSequence::Unwrap(uint32_t seq) const {
  return next_ + static_cast<int32_t>(seq - Next());
}

uint32_t ReceivedSequence::Highest() const {
  int64_t highest = next_;
  for (const auto& [begin, end] : beyond_) {
    highest = std::max(highest, end);
  }
  return static_cast<uint32_t>(highest);
}

void ReceivedSequence::Add(uint32_t seq, uint32_t length) {
  if (length == 0) {
    return;
  }
  const int64_t begin = Unwrap(seq);
  const auto known = beyond_.try_emplace(begin, begin + length).first;
  known->second = std::max(known->second, begin + length);
  TakeAdjacent();
}

void ReceivedSequence::AdvanceTo(uint32_t seq) {
  next_ = std::max(next_, Unwrap(seq));
  TakeAdjacent();
}

void ReceivedSequence::TakeAdjacent() {
  while (!beyond_.empty() && beyond_.begin()->first <= next_) {
    next_ = std::max(next_, beyond_.begin()->second);
    beyond_.erase(beyond_.begin());
  }
}

}  // namespace lastack

// Which sequence numbers have arrived at an endpoint, and up to where they are contiguous
// (RCV.NXT).
//
// Units: sequence numbers modulo 2^32; they are compared with RCV.NXT, at most 2^31 away from it.
// Sources: RFC 9293 3.3.1 (RCV.NXT), 3.4 (arithmetic), 3.10.7.4 (segments out of order are kept).
#pragma once

#include <cstdint>
#include <map>

namespace lastack {

class ReceivedSequence {
 public:
  // `next` is the first number expected.
  explicit ReceivedSequence(uint32_t next) : next_(next) {}

  // RCV.NXT: everything before it has arrived.
  [[nodiscard]] uint32_t Next() const { return static_cast<uint32_t>(next_); }

  // One beyond the highest number that has arrived, gaps or not; Next() if nothing waits behind a
  // gap.
  [[nodiscard]] uint32_t Highest() const;

  // [seq, seq + length) has arrived. What was there already changes nothing.
  void Add(uint32_t seq, uint32_t length);

  // Everything before `seq` has arrived: the endpoint acknowledged it. Never goes back.
  void AdvanceTo(uint32_t seq);

 private:
  [[nodiscard]] int64_t Unwrap(uint32_t seq) const;
  void TakeAdjacent();

  int64_t next_;                       // not wrapped: the map below needs an order
  std::map<int64_t, int64_t> beyond_;  // begin → end of what arrived beyond a gap; may overlap
};

}  // namespace lastack

// Any sequence of segments at one endpoint: the history must stay a path through RFC 9293's
// diagram.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "tcp/connection.h"

namespace {

using lastack::Connection;
using lastack::Direction;
using lastack::Segment;
using lastack::State;
using lastack::Transition;

constexpr size_t kBytesPerSegment = 6;

void Check(bool holds) {
  if (!holds) {
    std::abort();
  }
}

// RFC 9293 3.3.2, figure 5, as one endpoint's segments show it: no LISTEN, ESTABLISHED where a
// trace begins in the middle, and a RST from every state.
const std::set<std::pair<State, State>>& Edges() {
  static const std::set<std::pair<State, State>> kEdges = {
      {State::kClosed, State::kSynSent},        {State::kClosed, State::kSynReceived},
      {State::kClosed, State::kEstablished},    {State::kSynSent, State::kSynReceived},
      {State::kSynSent, State::kEstablished},   {State::kSynReceived, State::kEstablished},
      {State::kSynReceived, State::kFinWait1},  {State::kEstablished, State::kFinWait1},
      {State::kEstablished, State::kCloseWait}, {State::kFinWait1, State::kFinWait2},
      {State::kFinWait1, State::kClosing},      {State::kFinWait1, State::kTimeWait},
      {State::kFinWait2, State::kTimeWait},     {State::kCloseWait, State::kLastAck},
      {State::kClosing, State::kTimeWait},      {State::kSynSent, State::kClosed},
      {State::kSynReceived, State::kClosed},    {State::kEstablished, State::kClosed},
      {State::kFinWait1, State::kClosed},       {State::kFinWait2, State::kClosed},
      {State::kCloseWait, State::kClosed},      {State::kClosing, State::kClosed},
      {State::kLastAck, State::kClosed},        {State::kTimeWait, State::kClosed},
  };
  return kEdges;
}

// Numbers near both ISS, close to the wrap-around, so that most segments mean something.
Segment MakeSegment(std::span<const uint8_t> bytes, Direction direction) {
  const uint32_t own = 0xfffffff0U;
  const uint32_t peer = 0x7ffffff0U;
  const bool out = direction == Direction::kOut;
  Segment segment;
  segment.flags = {.fin = (bytes[0] & 1U) != 0,
                   .syn = (bytes[0] & 2U) != 0,
                   .rst = (bytes[0] & 4U) != 0,
                   .ack = (bytes[0] & 16U) != 0};
  segment.seg_seq = (out ? own : peer) + bytes[1] - 2;
  segment.seg_ack = segment.flags.ack ? (out ? peer : own) + bytes[2] - 2 : 0;
  segment.seg_len = bytes[3] & 0x1fU;
  segment.seg_wnd = static_cast<uint32_t>(bytes[4]) << (bytes[3] >> 5U);
  if ((bytes[5] & 1U) != 0) {
    segment.ts_val = bytes[5];
  }
  if (segment.flags.syn && (bytes[5] & 2U) != 0) {
    segment.wscale = bytes[5] >> 2U;
  }
  return segment;
}

void CheckHistory(const Connection& connection) {
  State state = State::kClosed;
  size_t segment = 0;
  for (const Transition& transition : connection.transitions()) {
    Check(transition.from == state);
    Check(Edges().contains({transition.from, transition.to}));
    Check(transition.segment >= segment);
    Check(!transition.cause.empty());
    state = transition.to;
    segment = transition.segment;
  }
  Check(connection.state() == state);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::span<const uint8_t> bytes(data, size);
  if (bytes.empty()) {
    return 0;
  }
  Connection connection(
      {.ignore_rst_in_time_wait = (bytes[0] & 1U) != 0, .linux_rst_match = (bytes[0] & 2U) != 0});
  bytes = bytes.subspan(1);
  while (bytes.size() >= kBytesPerSegment) {
    const bool was_taken_over = connection.TakenOver();
    const Direction direction = (bytes[0] & 0x80U) != 0 ? Direction::kOut : Direction::kIn;
    const std::vector<Transition> caused =
        connection.Feed(direction, MakeSegment(bytes, direction));
    Check(caused.size() <= 2);
    Check(!was_taken_over || (caused.empty() && connection.TakenOver()));
    CheckHistory(connection);
    bytes = bytes.subspan(kBytesPerSegment);
  }
  return 0;
}

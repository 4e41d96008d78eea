// What a segment that arrived does to the endpoint: RFC 9293 3.10.7, check by check.
#include <algorithm>

#include "tcp/connection.h"

namespace lastack {

void Connection::Received(const Segment& segment) {
  arrived_ =
      Arrived{fed_, segment.flags, segment.seg_seq, segment.seg_ack, SequenceLength(segment)};
  switch (state_) {
    case State::kClosed:
    case State::kListen:
      ReceivedInClosed(segment);
      return;
    case State::kSynSent:
      ReceivedInSynSent(segment);
      return;
    case State::kSynReceived:
    case State::kEstablished:
    case State::kFinWait1:
    case State::kFinWait2:
    case State::kCloseWait:
    case State::kClosing:
    case State::kLastAck:
    case State::kTimeWait:
      ReceivedSynchronized(segment);
      return;
  }
}

// RFC 9293 3.10.7.1 and 3.10.7.2: CLOSED, or a LISTEN that does not show.
void Connection::ReceivedInClosed(const Segment& segment) {
  if (ended_) {
    return;
  }
  if (segment.flags.rst) {
    irs_.reset();
  } else if (segment.flags.syn) {
    TakePeerSyn(segment);
  } else {
    BeginInTheMiddle(Direction::kIn, segment);
    ReceivedSynchronized(segment);
  }
}

void Connection::TakePeerSyn(const Segment& segment) {
  irs_ = segment.seg_seq;
  peer_wscale_ = segment.wscale;
  ts_recent_ = segment.ts_val;
  max_snd_wnd_ = segment.seg_wnd;
}

// RFC 9293 3.10.7.3.
void Connection::ReceivedInSynSent(const Segment& segment) {
  // First: an ACK that is not acceptable is answered with a RST, and a RST with one is dropped.
  const bool acks_syn = segment.flags.ack && AcksSyn(segment.seg_ack);
  if (segment.flags.ack && !acks_syn) {
    return;
  }
  // Second: a RST counts only with an acceptable ACK.
  if (segment.flags.rst) {
    if (acks_syn) {
      Move(State::kClosed, cause::kReceivedRst);
    }
    return;
  }
  // Fourth and fifth: without SYN or RST, drop the segment.
  if (!segment.flags.syn) {
    return;
  }
  TakePeerSyn(segment);
  rcv_.emplace(segment.seg_seq + 1);
  const bool scaled = own_wscale_ && peer_wscale_;  // RFC 7323 2.2: only if both offered it
  rcv_shift_ = scaled ? std::min(*own_wscale_, kMaxWindowShift) : uint8_t{0};
  snd_shift_ = scaled ? std::min(*peer_wscale_, kMaxWindowShift) : uint8_t{0};
  rcv_edge_ = rcv_->Next() + syn_wnd_;
  if (!acks_syn) {  // simultaneous open
    Move(State::kSynReceived, cause::kReceivedSyn);
    return;
  }
  snd_una_ = segment.seg_ack;
  Move(State::kEstablished, cause::kReceivedSynAck);
  Close(false, TakeText(segment));
}

// ISS < SEG.ACK =< SND.NXT (3.10.7.3), SND.UNA < SEG.ACK =< SND.NXT (3.10.7.4, SYN-RECEIVED).
bool Connection::AcksSyn(uint32_t ack) const {
  return SeqLess(snd_una_, ack) && SeqLessEqual(ack, snd_nxt_);
}

// RFC 9293 3.10.7.4.
void Connection::ReceivedSynchronized(const Segment& segment) {
  if (!rcv_) {
    rcv_.emplace(segment.seg_seq);
  }
  // Second: RST. Before the first check, because RFC 5961 3.2 asks for more than that, and because
  // RFC 7323 5.2 exempts it from PAWS.
  if (segment.flags.rst) {
    ReceivedRst(segment);
    return;
  }
  // First: sequence number, and RFC 7323 5.3 R1.
  if (!TouchesWindow(segment) || !PassesPaws(segment)) {
    return;
  }
  // Fourth: SYN. RFC 5961 4.2: a challenge ACK and no change; whether TIME-WAIT takes it as a new
  // connection, the endpoint's SYN,ACK will show. The SYN,ACK of a simultaneous open is meant.
  const bool waits_for_ack_of_syn = state_ == State::kSynReceived;
  if (segment.flags.syn && !(waits_for_ack_of_syn && segment.seg_seq == irs_)) {
    return;
  }
  // Fifth: ACK.
  if (!segment.flags.ack) {
    return;
  }
  if (waits_for_ack_of_syn ? !AcksSyn(segment.seg_ack) : !AckAcceptable(segment.seg_ack)) {
    return;
  }
  if (waits_for_ack_of_syn) {
    Move(State::kEstablished, cause::kReceivedAckOfSyn);
  }
  TakeAck(segment);
  // Seventh and eighth: text and FIN.
  const bool acks_fin = snd_fin_ && SeqLess(*snd_fin_, segment.seg_ack);
  Close(acks_fin, TakeText(segment));
}

// RFC 9293 3.10.7.4 second, RFC 5961 3.2: only a RST at RCV.NXT resets. One elsewhere in the window
// gets a challenge ACK, one outside it nothing; neither changes the state.
void Connection::ReceivedRst(const Segment& segment) {
  if (state_ == State::kTimeWait && options_.ignore_rst_in_time_wait) {
    return;
  }
  if (TakesRst(segment.seg_seq)) {
    Move(State::kClosed, cause::kReceivedRst);
  }
}

bool Connection::TakesRst(uint32_t seq) const {
  if (seq == rcv_->Next()) {
    return true;
  }
  if (!options_.linux_rst_match) {
    return false;
  }
  const bool after_fin =
      state_ == State::kCloseWait || state_ == State::kLastAck || state_ == State::kClosing;
  return seq == rcv_->Highest() || (after_fin && seq == rcv_->Next() - 1);
}

// Whether the segment overlaps the window or touches one of its edges. RFC 9293 3.10.7.4 first asks
// for an overlap, with a "special allowance" for a zero window; and a segment that ends at RCV.NXT
// is a repetition whose ACK may be new: the SYN,ACK of a simultaneous open, the FIN of a
// simultaneous close, sent again.
bool Connection::TouchesWindow(const Segment& segment) const {
  const int64_t begin = static_cast<int32_t>(segment.seg_seq - rcv_->Next());
  if (begin + SequenceLength(segment) < 0) {
    return false;
  }
  if (!rcv_edge_) {
    return true;
  }
  return begin <= std::max(static_cast<int32_t>(*rcv_edge_ - rcv_->Next()), 0);
}

// RFC 7323 5.3 R1: SEG.TSval < TS.Recent marks an old duplicate.
bool Connection::PassesPaws(const Segment& segment) const {
  return !segment.ts_val || !ts_recent_ || !SeqLess(*segment.ts_val, *ts_recent_);
}

// RFC 9293 3.10.7.4 fifth: an ACK of something not yet sent drops the segment; RFC 5961 5.2: so
// does one older than SND.UNA - MAX.SND.WND. Where the trace lacks the own SYN, neither limit is
// known.
bool Connection::AckAcceptable(uint32_t ack) const {
  if (!iss_) {
    return true;
  }
  return SeqLessEqual(ack, snd_nxt_) &&
         (!max_snd_wnd_ || !snd_shift_ || SeqLessEqual(snd_una_ - *max_snd_wnd_, ack));
}

void Connection::TakeAck(const Segment& segment) {
  if (SeqLess(snd_una_, segment.seg_ack)) {
    snd_una_ = segment.seg_ack;
  }
  if (max_snd_wnd_ && snd_shift_ && !segment.flags.syn) {
    max_snd_wnd_ = std::max(*max_snd_wnd_, segment.seg_wnd << *snd_shift_);
  }
  // RFC 7323 4.3 (2): only a segment that covers Last.ACK.sent moves TS.Recent on.
  if (segment.ts_val && (!last_ack_sent_ || SeqLessEqual(segment.seg_seq, *last_ack_sent_))) {
    ts_recent_ = segment.ts_val;
  }
}

// RFC 9293 3.10.7.4 seventh and eighth: data and FIN are taken in ESTABLISHED, FIN-WAIT-1 and
// FIN-WAIT-2, as far as they lie in the window. Returns whether the peer's FIN and everything
// before it is there now.
bool Connection::TakeText(const Segment& segment) {
  if (state_ != State::kEstablished && state_ != State::kFinWait1 && state_ != State::kFinWait2) {
    return false;
  }
  const uint32_t begin = segment.seg_seq + (segment.flags.syn ? 1U : 0U);
  uint32_t length = segment.seg_len + (segment.flags.fin ? 1U : 0U);
  bool fin = segment.flags.fin;
  if (rcv_edge_ && SeqLess(*rcv_edge_, begin + length)) {
    length = SeqLess(begin, *rcv_edge_) ? *rcv_edge_ - begin : 0;
    fin = false;
  }
  // One below RCV.NXT is no new octet: the segment is not acceptable (3.10.7.4 first).
  fin = fin && SeqLessEqual(rcv_->Next(), begin + length - 1);
  if (fin && (!rcv_fin_ || SeqLess(begin + length - 1, *rcv_fin_))) {
    rcv_fin_ = begin + length - 1;
  }
  rcv_->Add(begin, length);
  return FinReached();
}

bool Connection::FinReached() const {
  return rcv_fin_ && SeqLess(*rcv_fin_, rcv_->Next());
}

// RFC 9293 3.10.7.4 fifth (`acks_fin`: our FIN is acknowledged) and eighth (`fin`: the peer's FIN
// is there). Where one segment does both, the RFC looks at the FIN last and FIN-WAIT-2 is never
// entered.
void Connection::Close(bool acks_fin, bool fin) {
  switch (state_) {
    case State::kEstablished:
      if (fin) {
        Move(State::kCloseWait, cause::kReceivedFin);
      }
      return;
    case State::kFinWait1:
      if (acks_fin && fin) {
        Move(State::kTimeWait, cause::kReceivedFinAndAck);
      } else if (acks_fin) {
        Move(State::kFinWait2, cause::kReceivedAckOfFin);
      } else if (fin) {
        Move(State::kClosing, cause::kReceivedFin);
      }
      return;
    case State::kFinWait2:
      if (fin) {
        Move(State::kTimeWait, cause::kReceivedFin);
      }
      return;
    case State::kClosing:
      if (acks_fin) {
        Move(State::kTimeWait, cause::kReceivedAckOfFin);
      }
      return;
    case State::kLastAck:
      if (acks_fin) {
        Move(State::kClosed, cause::kReceivedAckOfFin);
      }
      return;
    case State::kClosed:
    case State::kListen:
    case State::kSynSent:
    case State::kSynReceived:
    case State::kCloseWait:
    case State::kTimeWait:
      return;
  }
}

}  // namespace lastack

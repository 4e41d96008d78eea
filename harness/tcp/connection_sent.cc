// What a segment that the endpoint sent says about its state.
//
// The endpoint has made up its mind before it sends, so nothing is checked here: what it sends is
// what it is. The exception is a RST, which may answer a segment without ending the connection.
#include <algorithm>

#include "tcp/connection.h"

namespace lastack {

void Connection::Sent(const Segment& segment) {
  if (segment.flags.rst) {
    SentRst(segment);
  } else if (segment.flags.syn) {
    SentSyn(segment);
  } else if (!ended_) {
    if (state_ == State::kClosed) {
      BeginInTheMiddle(Direction::kOut, segment);
    }
    const uint32_t end = segment.seg_seq + SequenceLength(segment);
    if (SeqLess(snd_nxt_, end)) {
      snd_nxt_ = end;
    }
    if (segment.flags.ack) {
      SentAck(segment);
    }
    if (segment.flags.fin) {
      SentFin(end - 1);
    }
    only_syn_ack_sent_ = only_syn_ack_sent_ && state_ == State::kSynReceived;
  }
  arrived_.reset();
}

void Connection::SentSyn(const Segment& segment) {
  if (state_ == State::kClosed && !ended_) {
    Open(segment);
    return;
  }
  if (iss_ == segment.seg_seq) {
    RepeatSyn(segment);
    return;
  }
  // A SYN cookie differs from one SYN,ACK to the next (RFC 4987 3.6); the attempt is the same one.
  if (state_ == State::kSynReceived && segment.flags.ack && rcv_->Next() == segment.seg_ack) {
    iss_ = segment.seg_seq;
    snd_una_ = segment.seg_seq;
    snd_nxt_ = segment.seg_seq + SequenceLength(segment);
    return;
  }
  // RFC 9293 3.6.1 and RFC 6191: a new connection may reuse addresses and ports in TIME-WAIT. In
  // any other state a SYN with another ISS says as well that the endpoint has forgotten the old
  // one.
  if (!ended_) {
    Move(State::kClosed, cause::kTakenOver);
  }
  taken_over_ = true;
}

// RFC 9293 3.10.1 (active OPEN) and 3.10.7.2 (LISTEN, third: SYN). A passive open shows on the wire
// with the SYN,ACK: whether there is a listener at all, the SYN does not say.
void Connection::Open(const Segment& segment) {
  iss_ = segment.seg_seq;
  snd_una_ = segment.seg_seq;
  snd_nxt_ = segment.seg_seq + SequenceLength(segment);
  own_wscale_ = segment.wscale;
  syn_wnd_ = segment.seg_wnd;
  if (!segment.flags.ack) {
    irs_.reset();
    Move(State::kSynSent, cause::kSentSyn);
    return;
  }
  // RFC 7323 2.2: a SYN,ACK offers window scale only if the SYN did. The SYN may be missing here.
  const bool syn_seen = irs_.has_value();
  irs_ = syn_seen ? *irs_ : segment.seg_ack - 1;
  rcv_.emplace(segment.seg_ack);
  rcv_shift_ = std::min(own_wscale_.value_or(0), kMaxWindowShift);
  if (!own_wscale_) {
    snd_shift_ = 0;
  } else if (syn_seen) {
    snd_shift_ = std::min(peer_wscale_.value_or(0), kMaxWindowShift);
  }
  only_syn_ack_sent_ = true;
  Advertise(segment);
  Move(State::kSynReceived, cause::kSentSynAck);
}

// The own SYN again. Usually a retransmission, which changes nothing.
void Connection::RepeatSyn(const Segment& segment) {
  if (!segment.flags.ack || ended_) {
    return;
  }
  if (state_ == State::kSynSent) {  // a simultaneous open whose SYN the trace lacks
    irs_ = segment.seg_ack - 1;
    rcv_.emplace(segment.seg_ack);
    Move(State::kSynReceived, cause::kSentSynAck);
  } else if (only_syn_ack_sent_) {
    // It is still waiting for the ACK of its SYN: what arrived has not been taken (the accept queue
    // is full, or accept is deferred until there is data).
    while (state_ != State::kSynReceived) {
      state_ = transitions_.back().from;
      transitions_.pop_back();
    }
    snd_una_ = segment.seg_seq;
    rcv_.emplace(segment.seg_ack);
    rcv_fin_.reset();
  }
  Advertise(segment);
}

void Connection::SentRst(const Segment& segment) {
  if (ended_ || AnswersUnacceptableAck(segment)) {
    return;
  }
  if (AnswersFromClosed(segment)) {
    TakeBack(*arrived_);
  }
  if (state_ == State::kClosed) {
    // A RST to a SYN (RFC 9293 3.10.7.1) refuses the connection; otherwise nothing is known to end.
    ended_ = arrived_.has_value();
    return;
  }
  Move(State::kClosed, cause::kSentRst);
}

// RFC 9293 3.10.7.3 (first: ACK) and 3.10.7.4 (fifth, SYN-RECEIVED): an ACK that is not acceptable
// is answered with <SEQ=SEG.ACK><CTL=RST>; the state stays.
bool Connection::AnswersUnacceptableAck(const Segment& rst) const {
  return (state_ == State::kSynSent || state_ == State::kSynReceived) && !rst.flags.ack &&
         !AcksSyn(rst.seg_seq);
}

// RFC 9293 3.10.7.1: an endpoint without the connection answers <SEQ=SEG.ACK><CTL=RST>, and a
// segment without ACK <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>. A RST that aborts has SEQ=SND.NXT
// and, in practice, ACK.
bool Connection::AnswersFromClosed(const Segment& rst) const {
  if (!arrived_) {
    return false;
  }
  if (arrived_->flags.ack) {
    return !rst.flags.ack && rst.seg_seq == arrived_->seg_ack;
  }
  return rst.flags.ack && rst.seg_seq == 0 && rst.seg_ack == arrived_->seg_seq + arrived_->length;
}

// The endpoint did not process this segment: it has no such connection. FIN-WAIT-2 stays: data that
// comes after close() is answered in the same way, after its ACK has been processed (RFC
// 9293 3.10.7.4).
void Connection::TakeBack(const Arrived& arrived) {
  while (!transitions_.empty() && transitions_.back().segment == arrived.index &&
         state_ != State::kFinWait2) {
    state_ = transitions_.back().from;
    transitions_.pop_back();
  }
}

// RFC 9293 3.10.4 (CLOSE): in SYN-RECEIVED and ESTABLISHED the FIN leads to FIN-WAIT-1, in
// CLOSE-WAIT to LAST-ACK. In the other states it is a retransmission.
void Connection::SentFin(uint32_t fin) {
  switch (state_) {
    case State::kSynReceived:
    case State::kEstablished:
      snd_fin_ = fin;
      Move(State::kFinWait1, cause::kSentFin);
      return;
    case State::kCloseWait:
      snd_fin_ = fin;
      Move(State::kLastAck, cause::kSentFin);
      return;
    case State::kClosed:
    case State::kListen:
    case State::kSynSent:
    case State::kFinWait1:
    case State::kFinWait2:
    case State::kClosing:
    case State::kLastAck:
    case State::kTimeWait:
      return;
  }
}

// RFC 9293 3.3.1: what the endpoint acknowledges it has received, whether the tap saw it or not.
void Connection::SentAck(const Segment& segment) {
  if (state_ == State::kSynSent) {  // only a SYN,ACK is answered with an ACK here
    Move(State::kEstablished, cause::kSentAck);
  }
  if (!rcv_) {
    rcv_.emplace(segment.seg_ack);
  }
  rcv_->AdvanceTo(segment.seg_ack);
  last_ack_sent_ = segment.seg_ack;
  Advertise(segment);
  Close(false, FinReached());
}

// RFC 7323 2.2: the window of a SYN is never scaled. RFC 9293 3.8.6: a window must not shrink, so
// its right edge only moves on.
void Connection::Advertise(const Segment& segment) {
  const std::optional<uint8_t> shift = segment.flags.syn ? uint8_t{0} : rcv_shift_;
  if (!shift) {
    return;
  }
  const uint32_t edge = segment.seg_ack + (segment.seg_wnd << *shift);
  if (!rcv_edge_ || SeqLess(*rcv_edge_, edge)) {
    rcv_edge_ = edge;
  }
}

}  // namespace lastack

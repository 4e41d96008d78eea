// The state of one endpoint of a connection, derived from the segments at that endpoint alone.
//
// Feed it every segment that a tap at the endpoint saw, in the tap's order. What no segment shows
// (a close() whose FIN waits behind data, a timer) it cannot know: those are the blind spots of a
// wire witness. Where the endpoint's own segments prove more than those that arrived (it
// acknowledges what the tap has missed), the endpoint is believed.
//
// A listener is a socket of its own: a passive open goes from CLOSED to SYN-RECEIVED, and a RST
// that sends RFC 9293 back to LISTEN ends the connection in CLOSED.
//
// Sources: RFC 9293 3.3.2 (diagram), 3.10.7 (processing of arriving segments), RFC 5961 3, 4 and 5
// (a RST must match exactly, a SYN and an ACK of long ago change nothing), RFC 7323 2 and 5 (window
// scale, PAWS; without a clock TS.Recent never expires), RFC 6191 and RFC 9293 3.10.7.4 (SYN in
// TIME-WAIT).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tcp/received_sequence.h"
#include "tcp/segment.h"
#include "tcp/state.h"

namespace lastack {

// Every text that Transition::cause can have.
namespace cause {
constexpr std::string_view kSentSyn = "sent SYN";
constexpr std::string_view kSentSynAck = "sent SYN,ACK";
constexpr std::string_view kSentAck = "sent ACK";  // of a SYN,ACK that the trace lacks
constexpr std::string_view kSentFin = "sent FIN";
constexpr std::string_view kSentRst = "sent RST";
constexpr std::string_view kReceivedSyn = "received SYN";
constexpr std::string_view kReceivedSynAck = "received SYN,ACK";
constexpr std::string_view kReceivedAckOfSyn = "received ACK of SYN";
constexpr std::string_view kReceivedFin = "received FIN";
constexpr std::string_view kReceivedAckOfFin = "received ACK of FIN";
constexpr std::string_view kReceivedFinAndAck = "received FIN and the ACK of FIN";
constexpr std::string_view kReceivedRst = "received RST";
constexpr std::string_view kTraceBegins = "the trace begins here";
constexpr std::string_view kTakenOver = "taken over by a new connection";
}  // namespace cause

// A change of state and the segment that caused it.
struct Transition {
  State from = State::kClosed;
  State to = State::kClosed;
  size_t segment = 0;  // how many segments had been fed before this one
  std::string cause;   // one of the texts above
};

// What the segments do not say about the endpoint's stack. The defaults are RFC 9293.
struct ConnectionOptions {
  // RFC 1337: a RST does not end TIME-WAIT (Linux with tcp_rfc1337=1).
  bool ignore_rst_in_time_wait = false;
  // The stack forgets what would be in TIME-WAIT (Linux with tcp_max_tw_buckets=0).
  bool no_time_wait = false;
  // A RST is also exact where Linux says so (tcp_validate_incoming): at the highest number that
  // arrived beyond a gap, and, once the FIN has been received, at the FIN's own number.
  bool linux_rst_match = false;
};

class Connection {
 public:
  // The endpoint starts CLOSED; a sent SYN makes it SYN-SENT, a received SYN answered by SYN,ACK
  // SYN-RECEIVED (a listener is not seen on the wire). A trace that begins in the middle starts at
  // ESTABLISHED with the first segment that is neither SYN nor RST.
  explicit Connection(ConnectionOptions options = {}) : options_(options) {}

  // Takes the next segment at this endpoint's tap. `direction` is kOut for what the endpoint sent.
  // Returns the transitions it caused (usually none, at most two).
  //
  // An arriving segment counts as processed at once. If the endpoint's answer shows that it was not
  // (a RST from an endpoint that no longer knew the connection, a SYN,ACK again because the accept
  // queue was full), its transitions are taken back out of transitions().
  std::vector<Transition> Feed(Direction direction, const Segment& segment);

  // Whether the endpoint has begun a new connection with the same addresses and ports. This object
  // keeps the old one and ignores what follows; feed a new object from the segment that was fed
  // last:
  //   connection.Feed(direction, segment);
  //   if (connection.TakenOver()) { next = Connection(options); next.Feed(direction, segment); }
  [[nodiscard]] bool TakenOver() const { return taken_over_; }

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] const std::vector<Transition>& transitions() const { return transitions_; }

 private:
  static constexpr uint8_t kMaxWindowShift = 14;  // RFC 7323 2.3: a larger one is used as 14

  // The segment that arrived last, while nothing has been sent since.
  struct Arrived {
    size_t index;
    Flags flags;
    uint32_t seg_seq;
    uint32_t seg_ack;
    uint32_t length;  // SEG.LEN
  };

  void Move(State to, std::string_view why);
  void BeginInTheMiddle(Direction direction, const Segment& segment);

  // What the endpoint sent: connection_sent.cc.
  void Sent(const Segment& segment);
  void SentSyn(const Segment& segment);
  void Open(const Segment& segment);
  void RepeatSyn(const Segment& segment);
  void SentRst(const Segment& segment);
  void SentFin(uint32_t fin);
  void SentAck(const Segment& segment);
  void Advertise(const Segment& segment);
  [[nodiscard]] bool AnswersUnacceptableAck(const Segment& rst) const;
  [[nodiscard]] bool AnswersFromClosed(const Segment& rst) const;
  void TakeBack(const Arrived& arrived);

  // What arrived: connection_received.cc.
  void Received(const Segment& segment);
  void ReceivedInClosed(const Segment& segment);
  void ReceivedInSynSent(const Segment& segment);
  void ReceivedSynchronized(const Segment& segment);
  void ReceivedRst(const Segment& segment);
  void TakePeerSyn(const Segment& segment);
  [[nodiscard]] bool AcksSyn(uint32_t ack) const;
  [[nodiscard]] bool TakesRst(uint32_t seq) const;
  [[nodiscard]] bool TouchesWindow(const Segment& segment) const;
  [[nodiscard]] bool PassesPaws(const Segment& segment) const;
  [[nodiscard]] bool AckAcceptable(uint32_t ack) const;
  void TakeAck(const Segment& segment);
  [[nodiscard]] bool TakeText(const Segment& segment);
  [[nodiscard]] bool FinReached() const;
  void Close(bool acks_fin, bool fin);

  ConnectionOptions options_;
  State state_ = State::kClosed;
  std::vector<Transition> transitions_;
  size_t fed_ = 0;      // segments so far
  bool ended_ = false;  // CLOSED for good, not CLOSED before its first SYN
  bool taken_over_ = false;
  std::optional<Arrived> arrived_;

  // Send sequence space (RFC 9293 3.3.1); without ISS, in a trace that begins in the middle, only
  // snd_fin_ is known.
  std::optional<uint32_t> iss_;
  uint32_t snd_una_ = 0;
  uint32_t snd_nxt_ = 0;
  std::optional<uint32_t> snd_fin_;      // number of the FIN sent
  std::optional<uint32_t> max_snd_wnd_;  // MAX.SND.WND of RFC 5961 5.2; nothing: scale not known
  bool only_syn_ack_sent_ = false;       // a passive open that has sent nothing else yet

  // Receive sequence space.
  std::optional<uint32_t> irs_;
  std::optional<ReceivedSequence> rcv_;
  std::optional<uint32_t> rcv_fin_;  // number of the FIN that arrived, contiguous or not
  std::optional<uint32_t>
      rcv_edge_;  // RCV.NXT + RCV.WND as last advertised; nothing: scale not known
  std::optional<uint32_t> last_ack_sent_;  // Last.ACK.sent of RFC 7323 4.3
  std::optional<uint32_t> ts_recent_;      // TS.Recent of RFC 7323 4.3

  // Window scale (RFC 7323 2): what each SYN offered, and the shifts once both are known.
  std::optional<uint8_t> own_wscale_;
  std::optional<uint8_t> peer_wscale_;
  std::optional<uint8_t> rcv_shift_;
  std::optional<uint8_t> snd_shift_;
  uint32_t syn_wnd_ = 0;  // window of the own SYN, never scaled
};

}  // namespace lastack

// Traces as text, for tests: Out("FIN,ACK seq=101 ack=301") is a segment that the endpoint sent.
//
// The endpoint's ISS is 100 and its peer's is 300, so that one sees whose number it is. SND and RCV
// stand for SND.NXT and RCV.NXT of a Start: "seq=SND-1 ack=RCV". A field with a typo fails the test
// that has it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/strings.h"
#include "tcp/connection.h"

namespace lastack::trace {

struct Fed {
  Direction direction = Direction::kIn;
  Segment segment;
};

using Trace = std::vector<Fed>;

inline Trace operator+(Trace trace, Fed next) {
  trace.push_back(std::move(next));
  return trace;
}

// A trace that leads into a state, and where the sequence numbers stand then.
struct Start {
  std::string name;
  Trace trace;
  uint32_t snd_nxt = 101;
  uint32_t rcv_nxt = 301;
};

inline Flags ReadFlags(std::string_view text) {
  Flags flags;
  for (const std::string& name : Split(text, ',')) {
    flags.fin |= name == "FIN";
    flags.syn |= name == "SYN";
    flags.rst |= name == "RST";
    flags.psh |= name == "PSH";
    flags.ack |= name == "ACK";
  }
  EXPECT_EQ(ToString(flags), text) << "flags in the order SYN FIN RST PSH ACK";
  return flags;
}

// "301", "RCV", "SND-1", "RCV+10".
inline uint32_t ReadNumber(std::string_view text, const Start& at) {
  uint32_t base = 0;
  if (text.starts_with("SND") || text.starts_with("RCV")) {
    base = text.starts_with("SND") ? at.snd_nxt : at.rcv_nxt;
    text.remove_prefix(3);
  }
  return base + (text.empty() ? 0U : static_cast<uint32_t>(std::stoll(std::string(text))));
}

inline Segment ReadSegment(std::string_view text, const Start& at) {
  const std::vector<std::string> words = Split(text, ' ');
  Segment segment;
  segment.flags = ReadFlags(words.front());
  segment.seg_wnd = 1000;
  for (size_t i = 1; i < words.size(); ++i) {
    const std::vector<std::string> field = Split(words[i], '=');
    const uint32_t value = ReadNumber(field.back(), at);
    if (field.front() == "seq") {
      segment.seg_seq = value;
    } else if (field.front() == "ack") {
      segment.seg_ack = value;
    } else if (field.front() == "len") {
      segment.seg_len = value;
    } else if (field.front() == "win") {
      segment.seg_wnd = value;
    } else if (field.front() == "ws") {
      segment.wscale = static_cast<uint8_t>(value);
    } else if (field.front() == "ts") {
      segment.ts_val = value;
    } else {
      ADD_FAILURE() << "no such field: " << words[i];
    }
  }
  return segment;
}

inline Fed Out(std::string_view text, const Start& at = {}) {
  return {Direction::kOut, ReadSegment(text, at)};
}

inline Fed In(std::string_view text, const Start& at = {}) {
  return {Direction::kIn, ReadSegment(text, at)};
}

inline Connection Replay(const Trace& trace, ConnectionOptions options = {}) {
  Connection connection(options);
  for (const Fed& fed : trace) {
    connection.Feed(fed.direction, fed.segment);
  }
  return connection;
}

// "SYN-SENT (sent SYN), ESTABLISHED (received SYN,ACK)": all that happened from transition `from`
// on.
inline std::string History(const Connection& connection, size_t from = 0) {
  std::vector<std::string> parts;
  for (size_t i = from; i < connection.transitions().size(); ++i) {
    const Transition& t = connection.transitions()[i];
    parts.push_back(std::string(ToString(t.to)) + " (" + t.cause + ")");
  }
  return Join(parts, ", ");
}

// Only what the segments after `start` did.
inline std::string After(const Start& start, const Trace& trace, ConnectionOptions options = {}) {
  Trace whole = start.trace;
  whole.insert(whole.end(), trace.begin(), trace.end());
  return History(Replay(whole, options), Replay(start.trace, options).transitions().size());
}

// Starts in each state.
inline Start Fresh() {
  return {"Fresh", {}};
}
inline Start SynSent() {
  return {"SynSent", {Out("SYN seq=100")}};
}
inline Start SynReceived() {
  return {"SynReceived", {In("SYN seq=300"), Out("SYN,ACK seq=100 ack=301")}};
}
inline Start SimultaneousOpen() {
  return {"SimultaneousOpen",
          {Out("SYN seq=100"), In("SYN seq=300"), Out("SYN,ACK seq=100 ack=301")}};
}
inline Start Established() {
  return {"Established",
          {Out("SYN seq=100"), In("SYN,ACK seq=300 ack=101"), Out("ACK seq=101 ack=301")}};
}
inline Start FinWait1() {
  return {"FinWait1", Established().trace + Out("FIN,ACK seq=101 ack=301"), 102, 301};
}
inline Start FinWait2() {
  return {"FinWait2", FinWait1().trace + In("ACK seq=301 ack=102"), 102, 301};
}
inline Start CloseWait() {
  return {"CloseWait",
          Established().trace + In("FIN,ACK seq=301 ack=101") + Out("ACK seq=101 ack=302"),
          101,
          302};
}
inline Start Closing() {
  return {"Closing",
          FinWait1().trace + In("FIN,ACK seq=301 ack=101") + Out("ACK seq=102 ack=302"),
          102,
          302};
}
inline Start LastAck() {
  return {"LastAck", CloseWait().trace + Out("FIN,ACK seq=101 ack=302"), 102, 302};
}
inline Start TimeWait() {
  return {"TimeWait",
          FinWait2().trace + In("FIN,ACK seq=301 ack=102") + Out("ACK seq=102 ack=302"),
          102,
          302};
}
inline Start Closed() {
  return {"Closed", LastAck().trace + In("ACK seq=302 ack=102"), 102, 302};
}

}  // namespace lastack::trace

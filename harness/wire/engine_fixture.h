// For tests of the engine: two hosts, frames written as flags, and what came of them in one line
// each.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "wire/build.h"
#include "wire/engine.h"

namespace lastack {

constexpr size_t kClient = 0;
constexpr size_t kServer = 1;
constexpr uint32_t kClientInitial = 1000;
constexpr uint32_t kServerInitial = 0xffffffff;  // so that numbers wrap around
constexpr int64_t kNsPerTick = 1'000'000;

inline const SegmentMatch kClientFin{.from = "client", .flags = "FIN"};
inline const SegmentMatch kServerFin{.from = "server", .flags = "FIN"};

inline SegmentMatch Nth(SegmentMatch match, int64_t min, int64_t max) {
  match.nth = Range<int64_t>{min, max};
  return match;
}

inline SegmentMatch ServerData() {
  SegmentMatch match{.from = "server"};
  match.has_bytes = true;
  return match;
}

inline WireRule Drop(const std::string& name, const SegmentMatch& match) {
  return {.name = name, .action = WireAction::kDrop, .match = match};
}
inline WireRule Hold(const std::string& name, const SegmentMatch& match) {
  return {.name = name, .action = WireAction::kHold, .match = match};
}
inline WireRule HoldUntil(const std::string& name,
                          const SegmentMatch& match,
                          const SegmentMatch& sees) {
  WireRule rule = Hold(name, match);
  rule.sees = sees;
  return rule;
}
inline WireRule HoldUntilStep(const std::string& name, const SegmentMatch& match, int step) {
  WireRule rule = Hold(name, match);
  rule.step = step;
  return rule;
}
inline WireRule DelayBy(const std::string& name, const SegmentMatch& match, Duration by) {
  WireRule rule = Hold(name, match);
  rule.after = by;
  return rule;
}
inline WireRule Behind(const std::string& name,
                       const SegmentMatch& match,
                       const SegmentMatch& behind) {
  WireRule rule = HoldUntil(name, match, behind);
  rule.behind = true;
  return rule;
}

class EngineTest : public testing::Test {
 protected:
  static FrameEnds EndsOf(size_t from, uint16_t client_port) {
    const std::array<SocketAddress, 2> addresses = {
        {{"10.77.0.1", client_port}, {"10.77.0.2", 8080}}};
    const std::array<MacAddress, 2> macs = {{{2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}}};
    return {macs.at(from), macs.at(1 - from), addresses.at(from), addresses.at(1 - from)};
  }

  // The host's next segment on its connection; numbers follow from what it has sent before.
  std::vector<uint8_t> Next(size_t from, const std::string& flags, size_t bytes = 0) {
    Segment segment = NextSegment(from, flags);
    segment.seg_len = static_cast<uint32_t>(bytes);
    sent_.at(from) += SequenceLength(segment);
    return Build(from, segment);
  }
  Segment NextSegment(size_t from, const std::string& flags) {
    Segment segment;
    segment.flags = ParseFlags(flags).value();
    segment.seg_seq = sent_.at(from);
    segment.seg_ack = segment.flags.ack ? sent_.at(1 - from) : 0;
    segment.seg_wnd = 500;
    return segment;
  }
  [[nodiscard]] std::vector<uint8_t> Build(size_t from, const Segment& segment) const {
    return BuildSegment(
        EndsOf(from, client_port_), segment, std::vector<uint8_t>(segment.seg_len, 'x'));
  }

  // Sends it through the engine at the time it is.
  void Send(size_t from, const std::string& flags, size_t bytes = 0) {
    last_.at(from) = Next(from, flags, bytes);
    Resend(from);
  }
  void Resend(size_t from) { engine_.OnFrame(from, last_.at(from), NowNs(), &effects_); }
  void Handshake() {
    Send(kClient, "SYN");
    Send(kServer, "SYN,ACK");
    Send(kClient, "ACK");
    EXPECT_EQ(Happened(), "> SYN, < SYN,ACK, > ACK");
  }
  void NewConnection(uint16_t client_port) {
    client_port_ = client_port;
    sent_ = {kClientInitial, kServerInitial};
  }
  void Tick(int64_t ms) {
    now_ms_ += ms;
    engine_.OnTime(NowNs(), &effects_);
  }
  [[nodiscard]] int64_t NowNs() const { return now_ms_ * kNsPerTick; }

  void Add(const WireRule& rule) {
    const Status added = engine_.Add({rule});
    ASSERT_TRUE(added) << added.error().message;
  }

  // What has gone on since the last call: "> FIN,ACK" to the server, "< ACK" to the client.
  std::string Happened() {
    std::string text;
    for (const OutgoingFrame& frame : std::exchange(effects_.frames, {})) {
      const auto segment = ParseSegment(frame.bytes.data(), frame.bytes.size());
      text += text.empty() ? "" : ", ";
      text += frame.to == kServer ? "> " : "< ";
      text += segment ? ToString(segment->flags) : "no segment";
      text += segment && segment->seg_len > 0 ? fmt::format(" {}", segment->seg_len) : "";
    }
    return text;
  }
  // "held x FIN,ACK, dropped y ACK".
  std::string Decided() {
    std::string text;
    for (const Decision& decision : std::exchange(effects_.decisions, {})) {
      text += fmt::format("{}{} {}{}{}",
                          text.empty() ? "" : ", ",
                          ToString(decision.what),
                          decision.rule,
                          decision.rule.empty() ? "" : " ",
                          ToString(decision.segment.flags));
    }
    return text;
  }

  Engine engine_{{"client", "server"}};
  Effects effects_;
  std::array<uint32_t, 2> sent_ = {kClientInitial, kServerInitial};
  std::array<std::vector<uint8_t>, 2> last_;
  uint16_t client_port_ = 40000;
  int64_t now_ms_ = 1000;
};

}  // namespace lastack

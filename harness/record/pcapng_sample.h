// A small capture that the tests of pcapng share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "record/pcapng.h"

namespace lastack::pcapng_sample {

constexpr int64_t kStart = 1'700'000'000'123'456'789;

// An Ethernet frame with IPv4 10.77.0.1:40000 → 10.77.0.2:8080 and a TCP header with FIN and ACK.
inline std::vector<uint8_t> FinFrame() {
  return {
      0x02, 0,    0,    0,    0,  2,  0x02, 0, 0,  0, 0, 1, 0x08, 0,  // Ethernet
      0x45, 0,    0,    40,   0,  1,  0x40, 0, 64, 6, 0, 0,           // IPv4
      10,   77,   0,    1,    10, 77, 0,    2,                        // addresses
      0x9c, 0x40, 0x1f, 0x90, 0,  0,  0,    1, 0,  0, 0, 1,           // ports, seq, ack
      0x50, 0x11, 0xff, 0xff, 0,  0,  0,    0,                        // flags, window
  };
}

inline Frame MakeFrame(int64_t at_ns, Direction direction, std::vector<std::string> comments = {}) {
  Frame frame;
  frame.realtime_ns = at_ns;
  frame.data = FinFrame();
  frame.length = 60;
  frame.direction = direction;
  frame.comments = std::move(comments);
  return frame;
}

inline Capture MakeCapture() {
  Capture capture;
  capture.host = "client";
  capture.interfaces = {"eth0", "lo"};
  capture.frames = {
      MakeFrame(kStart, Direction::kOut, {"client: close", "ESTABLISHED → FIN-WAIT-1"}),
      MakeFrame(kStart + 1, Direction::kIn, {"FAIL: expected ACK"}),
      MakeFrame(kStart + 2, Direction::kIn)};
  capture.frames[1].data.resize(55, 0xee);  // needs padding
  capture.frames[2].interface = 1;
  return capture;
}

inline PcapngHeader MakeHeader() {
  return {.comments = {"normal/x.v4", "FAIL"},
          .application = "lastack 0.1.0",
          .os = "Linux 6.18.44",
          .names = {{"10.77.0.1", "the-client"}, {"fd77::2", "the-server"}, {"nonsense", "nobody"}},
          .dropped = {3},
          .snaplen = 262144};
}

inline std::string MakeFile() {
  return EncodePcapng(MakeCapture(), MakeHeader(), 1000);
}

inline void ExpectSame(const Capture& got, const Capture& want) {
  EXPECT_EQ(got.interfaces, want.interfaces);
  ASSERT_EQ(got.frames.size(), want.frames.size());
  for (size_t i = 0; i < got.frames.size(); ++i) {
    EXPECT_EQ(got.frames[i].realtime_ns, want.frames[i].realtime_ns) << i;
    EXPECT_EQ(got.frames[i].length, want.frames[i].length) << i;
    EXPECT_EQ(got.frames[i].direction, want.frames[i].direction) << i;
    EXPECT_EQ(got.frames[i].interface, want.frames[i].interface) << i;
    EXPECT_EQ(got.frames[i].data, want.frames[i].data) << i;
    EXPECT_EQ(got.frames[i].comments, want.frames[i].comments) << i;
  }
}

}  // namespace lastack::pcapng_sample

// pcapng: what is written is read back, what is broken is refused.
#include "record/pcapng.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "record/pcapng_sample.h"

namespace lastack {
namespace {

using pcapng_sample::ExpectSame;
using pcapng_sample::kStart;
using pcapng_sample::MakeCapture;
using pcapng_sample::MakeFile;
using testing::HasSubstr;

Result<Capture> Decode(std::string_view file) {
  // A copy of exactly this size, so that AddressSanitizer sees a read beyond the end.
  const std::vector<uint8_t> bytes(file.begin(), file.end());
  return DecodePcapng(bytes.data(), bytes.size());
}

// ---- files made by hand, in either byte order

class HandMade {
 public:
  explicit HandMade(bool big_endian) : big_endian_(big_endian) {}

  template <typename T>
  [[nodiscard]] std::string Number(T number) const {
    std::string bytes;
    for (size_t i = 0; i < sizeof(T); ++i) {
      bytes += static_cast<char>(static_cast<uint64_t>(number) >> (8 * i));
    }
    if (big_endian_) {
      std::reverse(bytes.begin(), bytes.end());
    }
    return bytes;
  }
  [[nodiscard]] std::string Block(uint32_t type, std::string body) const {
    body.resize((body.size() + 3) / 4 * 4);
    const auto length = Number(static_cast<uint32_t>(body.size() + 12));
    return Number(type) + length + body + length;
  }
  [[nodiscard]] std::string Section() const {
    return Block(
        0x0a0d0d0a,
        Number(0x1a2b3c4dU) + Number(uint16_t{1}) + Number(uint16_t{0}) + Number(int64_t{-1}));
  }
  [[nodiscard]] std::string Option(uint16_t code, std::string value) const {
    const auto length = Number(static_cast<uint16_t>(value.size()));
    value.resize((value.size() + 3) / 4 * 4);
    return Number(code) + length + value;
  }
  [[nodiscard]] std::string Interface(const std::string& options, uint16_t link_type = 1) const {
    return Block(1, Number(link_type) + Number(uint16_t{0}) + Number(uint32_t{0}) + options);
  }
  [[nodiscard]] std::string Packet(uint32_t interface,
                                   uint64_t ticks,
                                   const std::string& options = "") const {
    return Block(6,
                 Number(interface) + Number(static_cast<uint32_t>(ticks >> 32U)) +
                     Number(static_cast<uint32_t>(ticks)) + Number(uint32_t{3}) +
                     Number(uint32_t{1500}) + std::string("abc\0", 4) + options);
  }
  // The time of one packet on an interface with this if_tsresol (and if_tsoffset).
  [[nodiscard]] Result<Capture> WithClock(uint8_t resolution,
                                          uint64_t ticks,
                                          int64_t offset_s = 0) const {
    return Decode(Section() +
                  Interface(Option(9, std::string(1, static_cast<char>(resolution))) +
                            Option(14, Number(offset_s))) +
                  Packet(0, ticks));
  }

 private:
  bool big_endian_;
};

class PcapngByteOrder : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Both, PcapngByteOrder, testing::Bool());

TEST_P(PcapngByteOrder, IsReadWithUnknownBlocksAndOptions) {
  const HandMade make(GetParam());
  const auto capture = Decode(
      make.Section() + make.Block(0x0bad, "unknown") +
      make.Interface(make.Option(2, "eth0") + make.Option(77, "unknown") + make.Option(0, "")) +
      make.Packet(0,
                  5,
                  make.Option(77, "?") + make.Option(2, make.Number(uint32_t{0xff02})) +
                      make.Option(1, "hello")) +
      make.Packet(0, 6) + make.Section() + make.Interface(make.Option(2, "lo")) +
      make.Packet(0, 7, make.Option(2, make.Number(uint32_t{1}))));
  ASSERT_TRUE(capture) << capture.error().message;
  EXPECT_EQ(capture->host, "");
  EXPECT_EQ(capture->interfaces, (std::vector<std::string>{"eth0", "lo"}));
  ASSERT_EQ(capture->frames.size(), 3);
  const Frame& first = capture->frames[0];
  EXPECT_EQ(first.realtime_ns, 5000) << "microseconds unless the interface says otherwise";
  EXPECT_EQ(first.length, 1500);
  EXPECT_EQ(first.data, (std::vector<uint8_t>{'a', 'b', 'c'}));
  EXPECT_EQ(first.direction, Direction::kOut);
  EXPECT_EQ(first.comments, std::vector<std::string>{"hello"});
  EXPECT_EQ(capture->frames[1].direction, Direction::kIn) << "no flags";
  EXPECT_EQ(capture->frames[2].interface, 1) << "interfaces are counted over all sections";
}

TEST_P(PcapngByteOrder, TimesOfEveryResolutionBecomeNanoseconds) {
  const HandMade make(GetParam());
  const auto time = [&](uint8_t resolution, uint64_t ticks, int64_t offset_s = 0) {
    const auto capture = make.WithClock(resolution, ticks, offset_s);
    return capture ? capture->frames.at(0).realtime_ns : -1;
  };
  EXPECT_EQ(time(0, 1'700'000'000), 1'700'000'000'000'000'000);
  EXPECT_EQ(time(3, 1'700'000'000'123), 1'700'000'000'123'000'000);
  EXPECT_EQ(time(9, kStart), kStart);
  EXPECT_EQ(time(12, 1'234'567), 1'234);
  EXPECT_EQ(time(127, UINT64_MAX), 0);
  EXPECT_EQ(time(0x80 | 1, 3), 1'500'000'000);
  EXPECT_EQ(time(0x80 | 32, 0x1'8000'0000), 1'500'000'000);
  EXPECT_EQ(time(0x80 | 63, 0xc000'0000'0000'0000), 1'500'000'000);
  EXPECT_EQ(time(0x80 | 64, 0xc000'0000'0000'0000), 750'000'000);
  EXPECT_EQ(time(0xff, UINT64_MAX), 0);
  EXPECT_EQ(time(9, 5, 1'700'000'000), 1'700'000'000'000'000'005);
  EXPECT_EQ(time(0, 10, -3), 7'000'000'000);
}

TEST(Pcapng, TimeOutOfRangeIsRefused) {
  const HandMade make(false);
  const std::vector<std::pair<Result<Capture>, std::string>> all = {
      {make.WithClock(0, UINT64_MAX), "seconds"},
      {make.WithClock(9, UINT64_MAX), "nanoseconds"},
      {make.WithClock(0x80, UINT64_MAX), "power of two"},
      {make.WithClock(9, 0, INT64_MAX), "offset"},
      {make.WithClock(9, 0, -1), "before 1970"},
  };
  for (const auto& [capture, what] : all) {
    ASSERT_FALSE(capture) << what;
    EXPECT_THAT(capture.error().message, HasSubstr("time is out of range")) << what;
  }
}

// ---- round trip and broken files

TEST(Pcapng, RoundTrip) {
  const auto capture = Decode(MakeFile());
  ASSERT_TRUE(capture) << capture.error().message;
  ExpectSame(*capture, MakeCapture());
}

TEST(Pcapng, EmptyCaptureIsAFileToo) {
  const auto capture = Decode(EncodePcapng({}, {}, 1));
  ASSERT_TRUE(capture) << capture.error().message;
  EXPECT_TRUE(capture->frames.empty());
}

TEST(Pcapng, LongCommentIsCutAtACharacter) {
  Capture capture = MakeCapture();
  std::string comment;
  while (comment.size() < 70'000) {
    comment += "€";  // three bytes; 65535 is a multiple of three
  }
  capture.frames[0].comments = {"x" + comment};
  const auto read = Decode(EncodePcapng(capture, {}, 1));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->frames[0].comments.at(0).size(), 65'533);
}

TEST(Pcapng, EveryTruncationIsRefusedUnlessItEndsABlock) {
  const std::string file = MakeFile();
  size_t accepted = 0;
  for (size_t size = 0; size < file.size(); ++size) {
    const auto capture = Decode(file.substr(0, size));
    accepted += capture ? 1 : 0;
    if (!capture) {
      EXPECT_THAT(capture.error().message, testing::StartsWith("at byte ")) << size;
    }
  }
  EXPECT_EQ(accepted, 8)
      << "section, 2 interfaces, names, 3 packets, 2 statistics: nine, less the end";
}

TEST(Pcapng, DamagedFilesNeverCrash) {
  const std::string file = MakeFile();
  std::mt19937 random(1);  // the same damage each time
  for (int round = 0; round < 20'000; ++round) {
    std::string damaged = file;
    for (int i = 0; i < 4; ++i) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    const auto capture = Decode(damaged);
    if (capture) {
      EXPECT_TRUE(Decode(EncodePcapng(*capture, {}, 1)));
    }
  }
}

TEST(Pcapng, ErrorsSayWhatAndWhere) {
  const HandMade make(false);
  const std::string head = make.Section() + make.Interface("");
  const auto error = [](const std::string& file) {
    const auto capture = Decode(file);
    return capture ? "no error" : capture.error().message;
  };
  EXPECT_EQ(error(""), "at byte 0: the file is empty");
  EXPECT_EQ(error("not a capture"), "at byte 0: no section header: this is not a pcapng file");
  EXPECT_EQ(error(std::string("\n\r\r\n\0\0\0\0nope", 12)),
            "at byte 0: no byte-order magic in the section header");
  EXPECT_EQ(error(head + make.Packet(1, 0)),
            "at byte 48: packet of interface 1, which is not described");
  EXPECT_EQ(error(make.Section() + make.Packet(0, 0)),
            "at byte 28: packet of interface 0, which is not described");
  EXPECT_EQ(error(make.Section() + make.Interface("", 113)),
            "at byte 28: link type 113 is not read, only Ethernet (1)");
  EXPECT_EQ(error(head + make.Packet(0, 0, make.Number(uint16_t{1}) + make.Number(uint16_t{5}))),
            "at byte 48: option 1 of 5 bytes does not fit into its block");
  EXPECT_THAT(error(head + make.Block(3, "abcd")), HasSubstr("editcap"));
  std::string differing = head;
  differing[differing.size() - 4] = 24;
  EXPECT_EQ(error(differing), "at byte 28: the two lengths of the block differ");
  std::string odd = head;
  odd[28 + 4] = 13;
  EXPECT_EQ(error(odd), "at byte 28: a block cannot have the length 13");
  EXPECT_EQ(error(head + make.Block(6,
                                    std::string(12, '\0') + make.Number(uint32_t{5}) +
                                        make.Number(uint32_t{5}) + "abcd")),
            "at byte 48: the packet's 5 bytes do not fit into its block");
  EXPECT_EQ(error(head + make.Block(6,
                                    std::string(12, '\0') + make.Number(uint32_t{0xffffffff}) +
                                        make.Number(uint32_t{5}))),
            "at byte 48: the packet's 4294967295 bytes do not fit into its block");
}

}  // namespace
}  // namespace lastack

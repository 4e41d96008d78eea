// pcapng: Wireshark's tools and tcpdump read what is written, and what editcap rewrote is read
// back.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "record/pcapng.h"
#include "record/pcapng_sample.h"

namespace lastack {
namespace {

using pcapng_sample::ExpectSame;
using pcapng_sample::MakeCapture;
using pcapng_sample::MakeFile;
using testing::HasSubstr;

struct Ran {
  int status = -1;
  std::string output;
};

Ran Shell(const std::string& command) {
  Ran ran;
  FILE* pipe = popen((command + " 2>/dev/null").c_str(), "r");
  std::array<char, 4096> buffer{};
  for (size_t size = 1; pipe != nullptr && size > 0;) {
    size = fread(buffer.data(), 1, buffer.size(), pipe);
    ran.output.append(buffer.data(), size);
  }
  ran.status = pipe == nullptr ? -1 : pclose(pipe);
  return ran;
}

class PcapngTools : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = (std::filesystem::temp_directory_path() / "pcapng_test.XXXXXX").string();
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    Write(MakeFile());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static bool Have(const std::string& program) {
    return Shell("command -v " + program).status == 0;
  }
  void Write(const std::string& file) const {
    std::ofstream(Path("client.pcapng"), std::ios::binary) << file;
  }
  [[nodiscard]] std::string Path(const std::string& name) const {
    return (folder_ / name).string();
  }
  [[nodiscard]] std::string File() const { return Path("client.pcapng"); }

 private:
  std::filesystem::path folder_;
};

TEST_F(PcapngTools, TsharkFindsCommentsTimesNamesDirectionsAndIds) {
  if (!Have("tshark")) {
    GTEST_SKIP() << "tshark is not installed";
  }
  const Ran all = Shell(fmt::format(
      "tshark -r {} -N n -T fields -E separator='|' -E aggregator=';' -e frame.number -e "
      "frame.time_epoch "
      "-e frame.interface_name -e frame.packet_flags_direction -e frame.packet_id -e ip.src_host "
      "-e frame.len -e frame.comment -e tcp.flags",
      File()));
  EXPECT_EQ(all.status, 0);
  EXPECT_EQ(all.output,
            "1|1700000000.123456789|eth0|0x00000002|1000|the-client|60|client: close;ESTABLISHED → "
            "FIN-WAIT-1|0x0011\n"
            "2|1700000000.123456790|eth0|0x00000001|1001|the-client|60|FAIL: expected ACK|0x0011\n"
            "3|1700000000.123456791|lo|0x00000001|1002|the-client|60||0x0011\n");
  const Ran failed = Shell(fmt::format(
      "tshark -r {} -Y 'frame.comment contains \"FAIL\"' -T fields -e frame.number", File()));
  EXPECT_EQ(failed.output, "2\n");
}

TEST_F(PcapngTools, CapinfosReadsTheHeader) {
  if (!Have("capinfos")) {
    GTEST_SKIP() << "capinfos is not installed";
  }
  const Ran ran = Shell("capinfos " + File());
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.output, HasSubstr("Number of packets:   3"));
  EXPECT_THAT(ran.output, HasSubstr("lastack 0.1.0"));
  EXPECT_THAT(ran.output, HasSubstr("Linux 6.18.44"));
  EXPECT_THAT(ran.output, HasSubstr("normal/x.v4"));
  EXPECT_THAT(ran.output, HasSubstr("eth0 of client"));
  EXPECT_THAT(ran.output, HasSubstr("nanoseconds (9)"));
}

TEST_F(PcapngTools, TcpdumpReadsIt) {
  if (!Have("tcpdump")) {
    GTEST_SKIP() << "tcpdump is not installed";
  }
  const Ran ran = Shell("tcpdump -n -r " + File());
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(std::count(ran.output.begin(), ran.output.end(), '\n'), 3);
  EXPECT_THAT(ran.output, HasSubstr("10.77.0.1.40000 > 10.77.0.2.8080: Flags [F.]"));
}

TEST_F(PcapngTools, FileRewrittenByEditcapIsRead) {
  if (!Have("editcap")) {
    GTEST_SKIP() << "editcap is not installed";
  }
  const std::string copy = Path("copy.pcapng");
  ASSERT_EQ(Shell(fmt::format("editcap -F pcapng -a '3:added by hand' {} {}", File(), copy)).status,
            0);
  std::ifstream file(copy, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  const auto capture = DecodePcapng(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  ASSERT_TRUE(capture) << capture.error().message;
  Capture want = MakeCapture();
  want.frames[2].comments = {"added by hand"};
  ExpectSame(*capture, want);
}

}  // namespace
}  // namespace lastack

// Evidence files are written whole or not at all, and a run is read back from them.
#include "record/store.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "record/event_json.h"
#include "record/pcapng.h"

namespace lastack {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class StoreTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = (std::filesystem::temp_directory_path() / "store_test.XXXXXX").string();
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  [[nodiscard]] size_t Files() const {
    const std::filesystem::directory_iterator all(folder_);
    return static_cast<size_t>(std::distance(begin(all), end(all)));
  }
  void Write(const std::string& name, const std::string& text) const {
    const Status written = WriteFileAtomically(Path(name), text);
    ASSERT_TRUE(written) << written.error().message;
  }
  // A whole run of the hosts client and server.
  void WriteRun() const {
    Write("scenario.json", R"({"scenario": 1})");
    WriteEvents(
        {RunStarted{"normal/x.v4", "0.1.0", "6.18.44", {{"client", {}}, {"server", {}}}, {}},
         StepStarted{1}});
    Capture capture;
    capture.interfaces = {"eth0"};
    Write("client.pcapng", EncodePcapng(capture, {}, 1));
    capture.interfaces = {"eth0", "lo"};
    Write("server.pcapng", EncodePcapng(capture, {}, 1));
  }
  void WriteEvents(const std::vector<EventData>& all) const {
    std::string lines;
    int64_t id = 0;
    for (const EventData& data : all) {
      lines += EventToJson({++id, "runner", Clock::kMonotonic, 1, data}) + "\n";
    }
    Write("events.jsonl", lines);
  }
  [[nodiscard]] Error ErrorOfRun() const {
    const auto run = ReadRun(folder_);
    return run ? Error{ErrorKind::kScenario, "no error", ""} : run.error();
  }

  std::string folder_;
};

TEST_F(StoreTest, FileIsReplaced) {
  Write("a.json", "old and longer");
  Write("a.json", std::string("new\0text", 8));
  const auto text = ReadWholeFile(Path("a.json"));
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_EQ(*text, std::string("new\0text", 8));
  EXPECT_EQ(Files(), 1);
}

TEST_F(StoreTest, LargeFile) {
  const std::string text(5'000'001, 'x');
  Write("large", text);
  EXPECT_EQ(ReadWholeFile(Path("large")).value_or(""), text);
}

// A file size limit is a disk that is full, made without a disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit = {bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    (void)std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  FileSizeLimit(FileSizeLimit&&) = delete;
  FileSizeLimit& operator=(FileSizeLimit&&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int);
};

TEST_F(StoreTest, FullDiskLeavesTheOldFileAndNothingElse) {
  Write("events.jsonl", "old");
  Status written;
  {
    const FileSizeLimit limit(4096);
    written = WriteFileAtomically(Path("events.jsonl"), std::string(10'000, 'x'));
  }
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::kSystem);
  EXPECT_EQ(written.error().message,
            fmt::format("cannot write {}: File too large (EFBIG)", Path("events.jsonl")));
  EXPECT_THAT(written.error().hint, HasSubstr("make room in " + folder_));
  EXPECT_EQ(ReadWholeFile(Path("events.jsonl")).value_or(""), "old");
  EXPECT_EQ(Files(), 1);
}

TEST_F(StoreTest, MissingFolderIsNamed) {
  const Status written = WriteFileAtomically(Path("none/a.json"), "x");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::kSystem);
  EXPECT_THAT(written.error().message, StartsWith("cannot write " + Path("none/a.json") + ": "));
}

TEST_F(StoreTest, FolderInPlaceOfTheFileLeavesNothingBehind) {
  std::filesystem::create_directory(Path("a.json"));
  EXPECT_FALSE(WriteFileAtomically(Path("a.json"), "x"));
  EXPECT_EQ(Files(), 1);
  EXPECT_THAT(ReadWholeFile(Path("a.json")).error().message, HasSubstr("EISDIR"));
}

TEST_F(StoreTest, RunIsReadBack) {
  WriteRun();
  Write("result.json", "not read");
  Write("stranger.pcapng", "not read");
  const auto run = ReadRun(folder_);
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_EQ(run->scenario_json, R"({"scenario": 1})");
  EXPECT_EQ(run->evidence.events.size(), 2);
  ASSERT_EQ(run->evidence.captures.size(), 2);
  EXPECT_EQ(run->evidence.captures[0].host, "client");
  EXPECT_EQ(run->evidence.captures[1].host, "server");
  EXPECT_EQ(run->evidence.captures[1].interfaces.size(), 2);
}

TEST_F(StoreTest, EachMissingFileIsNamed) {
  for (const std::string name :
       {"scenario.json", "events.jsonl", "client.pcapng", "server.pcapng"}) {
    WriteRun();
    std::filesystem::remove(Path(name));
    EXPECT_EQ(ErrorOfRun().message,
              fmt::format("cannot read {}: No such file or directory (ENOENT)", Path(name)));
    EXPECT_EQ(ErrorOfRun().kind, ErrorKind::kSystem);
  }
}

TEST_F(StoreTest, EachBrokenFileIsNamed) {
  const std::vector<std::pair<std::string, std::string>> all = {
      {"scenario.json", ": is not JSON"},
      {"events.jsonl", ":1: is not JSON"},
      {"client.pcapng", ": at byte 0: truncated block"}};
  for (const auto& [name, message] : all) {
    WriteRun();
    Write(name, "{");
    EXPECT_EQ(ErrorOfRun().message, Path(name) + message);
  }
}

TEST_F(StoreTest, RunStartedIsNeededAndItsHostsAreFileNames) {
  WriteRun();
  WriteEvents({StepStarted{1}});
  EXPECT_EQ(ErrorOfRun().message, Path("events.jsonl") + ": no run_started event");
  WriteEvents({RunStarted{"x", "0.1.0", "6.18.44", {{"../client", {}}}, {}}});
  EXPECT_EQ(ErrorOfRun().message, Path("events.jsonl") + ": \"../client\" cannot be a host");
}

}  // namespace
}  // namespace lastack

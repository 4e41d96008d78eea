// Programs that know nothing of the protocol, run by the host: their output, their end, and that of
// what they leave behind.
#include <algorithm>
#include <functional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "host/host_fixture.h"

namespace lastack {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class ProgramsTest : public HostTest {
 protected:
  json Run(const std::string& name, const std::string& shell, const std::string& user = "") {
    return Ask(
        {{"do", "run"}, {"program", name}, {"command", {"sh", "-c", shell}}, {"user", user}});
  }
  json Ended(const std::function<bool(const json&)>& wanted) {
    return NextSuchAs(
        [&](const json& line) { return line.value("event", "") == "ended" && wanted(line); });
  }
  json EndOf(const std::string& program) {
    return Ended([&](const json& line) { return line.value("program", "") == program; });
  }
  // What the events so far have told of its output.
  std::string OutputOf(const std::string& program) {
    std::string text;
    for (const json& event : events_) {
      if (event.value("event", "") == "output" && event.value("program", "") == program) {
        text += event.value("text", "");
      }
    }
    return text;
  }
};

TEST_F(ProgramsTest, OutputOfBothKindsComesBeforeTheEnd) {
  const json started = Run("one", "echo out; echo err >&2; exit 3").at("ok");
  const json ended = EndOf("one");
  EXPECT_EQ(ended.at("code"), 3);
  EXPECT_EQ(ended.at("pid"), started.at("pid"));
  EXPECT_GE(ended.at("t"), started.at("t").get<int64_t>() - kPatience.count());
  EXPECT_EQ(OutputOf("one"), "out\nerr\n");
}

TEST_F(ProgramsTest, OutputThatIsNoTextIsStillALine) {
  Run("one", "printf '\\377\\376'");
  EXPECT_EQ(EndOf("one").at("code"), 0);
  EXPECT_FALSE(OutputOf("one").empty());
}

TEST_F(ProgramsTest, TheEndOfADaemonIsToldToo) {
  Run("one", "sh -c 'echo daemon $$; kill -9 $$' & exit 0");
  EXPECT_EQ(EndOf("one").at("code"), 0);
  const auto is_daemon = [](const json& line) { return line.value("signal", "") == "KILL"; };
  const auto before = std::find_if(events_.begin(), events_.end(), is_daemon);
  const json ended = before != events_.end() ? *before : Ended(is_daemon);
  EXPECT_FALSE(ended.contains("program"));
}

TEST_F(ProgramsTest, ItHasNoInputAndNoDescriptorsOfTheHost) {
  // The shell itself opens the folder, as one more.
  Run("one", "cat; ls /proc/self/fd | wc -l");
  EXPECT_EQ(EndOf("one").at("code"), 0);
  EXPECT_EQ(OutputOf("one"), "4\n");
}

TEST_F(ProgramsTest, WhatCannotBeStartedIsAnError) {
  const json answer = Ask({{"do", "run"}, {"program", "one"}, {"command", {"/no/such/program"}}});
  EXPECT_THAT(answer.at("error").at("message").get<std::string>(),
              HasSubstr("cannot execute /no/such/program: No such file"));
  const json empty = Ask({{"do", "run"}, {"program", "one"}, {"command", json::array()}});
  EXPECT_EQ(empty.at("error").at("kind"), "scenario");
}

TEST_F(ProgramsTest, RunsAsAnotherUser) {
  const json answer = Run("one", "id -u", "nobody");
  if (answer.contains("error")) {
    GTEST_SKIP() << answer.at("error").at("message");
  }
  EndOf("one");
  EXPECT_EQ(OutputOf("one"), "65534\n");
}

TEST_F(ProgramsTest, AFloodOfOutputDoesNotKeepTheHostFromItsWork) {
  Run("flood", "yes");
  for (int i = 0; i < 20; ++i) {
    AskOk({{"do", "clock"}});
  }
}

}  // namespace
}  // namespace lastack

// JUnit, KTAP and GitHub: which verdict becomes what, and names that would break out.
//
// That other programs read them is tested with whole runs.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/github_reporter.h"
#include "report/junit_reporter.h"
#include "report/ktap_reporter.h"

namespace lastack {
namespace {

using testing::HasSubstr;
using testing::Not;

RunResult Result(const std::string& id, Verdict verdict, const std::string& headline = "as it is") {
  return {.id = id,
          .file = "scenarios/a/b.yaml",
          .place = {.line = 1},
          .verdict = verdict,
          .headline = headline,
          .duration = std::chrono::microseconds(1'234'567)};
}

std::vector<RunResult> OneOfEach() {
  using enum Verdict;
  std::vector<RunResult> results = {
      Result("a/passes", kPass),
      Result("a/fails#2", kFail, "expected 1%, got <2>"),
      Result("b/errs", kError, "no host"),
      Result("b/maybe", kInconclusive, "probe"),
      Result("b/skips", kSkip, "needs\nbpf # here"),
  };
  results[1].judgement.findings.push_back(
      {.witness = Witness::kWire, .expected = "1%", .actual = "<2>", .place = {.line = 7}});
  results[1].evidence = "evidence/a/fails/2";
  results[1].captures = {"evidence/a/fails/2/client.pcapng"};
  results[1].again_options = " --set net.ipv4.tcp_fin_timeout=2";
  return results;
}

class Formats : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = (std::filesystem::temp_directory_path() / "formats_test.XXXXXX").string();
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string Path(const std::string& name) const { return folder_ / name; }

  static std::string Read(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  [[nodiscard]] std::string Junit(const std::vector<RunResult>& results) const {
    const auto reporter = MakeJunitReporter(Path("junit.xml"));
    reporter->Begin({"6.1", results.size()});
    EXPECT_TRUE(reporter->End(results, std::chrono::seconds(2)));
    return Read(Path("junit.xml"));
  }

  [[nodiscard]] std::string Ktap(const std::vector<RunResult>& results) const {
    EXPECT_TRUE(MakeKtapReporter(Path("ktap"))->End(results, {}));
    return Read(Path("ktap"));
  }

  // What GitHub is told; the summary goes into summary.md.
  [[nodiscard]] std::string Github(const std::vector<RunResult>& results) const {
    std::FILE* out = std::fopen(Path("out").c_str(), "we");
    EXPECT_TRUE(MakeGithubReporter({.out = out, .summary = Path("summary.md")})->End(results, {}));
    std::fclose(out);
    return Read(Path("out"));
  }

 private:
  std::filesystem::path folder_;
};

TEST_F(Formats, JunitTellsFailuresFromErrorsFromSkips) {
  const std::string xml = Junit(OneOfEach());
  EXPECT_THAT(xml,
              HasSubstr("<testsuite name=\"lastack\" tests=\"5\" failures=\"1\" errors=\"2\" "
                        "time=\"2.000\" skipped=\"1\""));
  EXPECT_THAT(xml,
              HasSubstr("<testcase classname=\"a\" name=\"passes\" time=\"1.235\" "
                        "file=\"scenarios/a/b.yaml\" line=\"1\"/>"));
  EXPECT_THAT(xml, HasSubstr("<failure type=\"FAIL\" message=\"expected 1%, got &lt;2&gt;\">"));
  EXPECT_THAT(xml, HasSubstr("line=\"7\">"));
  EXPECT_THAT(xml, HasSubstr("<error type=\"ERROR\" message=\"no host\">"));
  EXPECT_THAT(xml, HasSubstr("<error type=\"INCONCLUSIVE\" message=\"probe\">"));
  EXPECT_THAT(xml, HasSubstr("<skipped type=\"SKIP\" message=\"needs&#10;bpf # here\">"));
  EXPECT_THAT(xml, HasSubstr("[[ATTACHMENT|evidence/a/fails/2/client.pcapng]]"));
  EXPECT_THAT(xml,
              HasSubstr("again: lastack run scenarios/a/b.yaml --filter &#39;a/fails&#39; "
                        "--set net.ipv4.tcp_fin_timeout=2"));
}

TEST_F(Formats, JunitNamesAreUnique) {
  using enum Verdict;
  const std::string xml = Junit(
      {Result("a/b", kPass), Result("a/b", kPass), Result("c/b", kPass), Result("a/b", kFail)});
  EXPECT_THAT(xml, HasSubstr("classname=\"a\" name=\"b\""));
  EXPECT_THAT(xml, HasSubstr("classname=\"a\" name=\"b (2)\""));
  EXPECT_THAT(xml, HasSubstr("classname=\"a\" name=\"b (3)\""));
  EXPECT_THAT(xml, HasSubstr("classname=\"c\" name=\"b\""));
}

TEST_F(Formats, KtapHasPlanResultsAndTotals) {
  EXPECT_EQ(Ktap(OneOfEach()),
            "KTAP version 1\n"
            "1..5\n"
            "ok 1 a/passes\n"
            "#   expected 1%, got <2>\n"
            "#   scenarios/a/b.yaml:7: wire witness\n"
            "#     expected: 1%\n"
            "#     actual:   <2>\n"
            "#   evidence: evidence/a/fails/2\n"
            "#   again: lastack run scenarios/a/b.yaml --filter 'a/fails' "
            "--set net.ipv4.tcp_fin_timeout=2\n"
            "not ok 2 a/fails/2\n"
            "#   no host\n"
            "#   again: lastack run scenarios/a/b.yaml --filter 'b/errs'\n"
            "not ok 3 b/errs # ERROR no host\n"
            "#   probe\n"
            "#   again: lastack run scenarios/a/b.yaml --filter 'b/maybe'\n"
            "not ok 4 b/maybe # ERROR inconclusive: probe\n"
            "ok 5 b/skips # SKIP needs bpf # here\n"
            "# Totals: pass:1 fail:1 xfail:0 xpass:0 skip:1 error:2\n");
}

TEST_F(Formats, KtapOfNothing) {
  EXPECT_EQ(Ktap({}),
            "KTAP version 1\n1..0\n# Totals: pass:0 fail:0 xfail:0 xpass:0 skip:0 error:0\n");
}

TEST_F(Formats, GithubEscapesWhatWouldEndATextOrAProperty) {
  RunResult result = Result("a,b:c/d%\n::warning::e", Verdict::kFail, "first 100%\nsecond");
  result.file = "scenarios/a,b/c:d.yaml";
  EXPECT_EQ(Github({result}),
            "::error file=scenarios/a%2Cb/c%3Ad.yaml,line=1,"
            "title=FAIL a%2Cb%3Ac/d%25%0A%3A%3Awarning%3A%3Ae::first 100%25%0Asecond%0A"
            "again: lastack run scenarios/a,b/c:d.yaml --filter 'a,b:c/d%25%0A::warning::e'\n");
}

TEST_F(Formats, GithubShowsNineAndCountsTheRest) {
  std::vector<RunResult> results(9, Result("a/b", Verdict::kFail));
  results.push_back(Result("a/c", Verdict::kPass));
  EXPECT_THAT(Github(results), Not(HasSubstr("more")));
  results.resize(9);
  results.push_back(Result("a/d", Verdict::kError));
  results.push_back(Result("a/e", Verdict::kInconclusive));
  const std::string out = Github(results);
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 10);
  EXPECT_THAT(out, testing::EndsWith("\n::error title=lastack::and 2 more\n"));
}

TEST_F(Formats, GithubSummaryIsAppendedAndEscaped) {
  std::vector<RunResult> results = OneOfEach();
  results[1].headline = "a | b <script>";
  static_cast<void>(Github(results));
  static_cast<void>(Github({Result("x/y", Verdict::kPass)}));
  const std::string summary = Read(Path("summary.md"));
  EXPECT_THAT(summary, HasSubstr("### lastack: 1 passed, 1 failed, 1 skipped, 1 inconclusive"));
  EXPECT_THAT(summary, HasSubstr("| b | 0 | 0 | 1 | 1 | 1 |\n"));
  EXPECT_THAT(summary,
              HasSubstr("| FAIL | a/fails#2 | a \\| b &lt;script&gt; | scenarios/a/b.yaml:7 |\n"));
  EXPECT_THAT(summary, HasSubstr("| SKIP | b/skips | needs bpf # here |"));
  EXPECT_THAT(summary, HasSubstr("<details><summary>FAIL a/fails#2</summary>"));
  EXPECT_THAT(summary, Not(HasSubstr("<script>")));
  EXPECT_THAT(summary, HasSubstr("### lastack: 1 passed, 0 failed, 0 skipped"));
}

TEST_F(Formats, WhatCannotBeWrittenIsAnError) {
  const auto junit = MakeJunitReporter(Path("none/junit.xml"))->End({}, {});
  ASSERT_FALSE(junit);
  EXPECT_THAT(junit.error().message, HasSubstr("none/junit.xml"));
  const auto github = MakeGithubReporter({.summary = Path("none/summary.md")})->End({}, {});
  ASSERT_FALSE(github);
  EXPECT_THAT(github.error().message, HasSubstr("none/summary.md"));
}

}  // namespace
}  // namespace lastack

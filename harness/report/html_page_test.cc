// The page: which runs are open, what is left out of a big one, no markup from outside.
#include "report/html_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lastack {
namespace {

using testing::HasSubstr;
using testing::Not;

RunResult Made(const std::string& id, Verdict verdict) {
  RunResult result{.id = id, .file = "x.yaml", .verdict = verdict, .headline = "headline of " + id};
  result.evidence = "evidence/" + id;
  result.page = {"story of " + id, {"first-fin"}, "<p>body of " + id + "</p>"};
  return result;
}

TEST(HtmlPage, OfOneRunBeginsWithItsStory) {
  const std::string page = DrawPage("6.18", {Made("normal/a.v4", Verdict::kPass)}, Duration{});
  EXPECT_THAT(page, HasSubstr("<title>PASS normal/a.v4 – lastack</title>"));
  EXPECT_THAT(page, HasSubstr("<span>story of normal/a.v4</span></h1>"));
  EXPECT_THAT(page, Not(HasSubstr("id=\"filters\"")));
}

TEST(HtmlPage, OfASuiteHasFiltersAndOpensWhatFailed) {
  const std::string page = DrawPage("6.18",
                                    {Made("normal/a.v4", Verdict::kPass),
                                     Made("loss/b.v4", Verdict::kFail),
                                     Made("loss/c.v4", Verdict::kSkip)},
                                    Duration{});
  EXPECT_THAT(page, HasSubstr("<title>FAIL 1 passed, 1 failed, 1 skipped – lastack</title>"));
  EXPECT_THAT(page, HasSubstr("<option value=\"loss\">loss (2)</option>"));
  EXPECT_THAT(page, HasSubstr("<option value=\"first-fin\">first-fin (3)</option>"));
  EXPECT_THAT(page, HasSubstr("data-verdict=\"FAIL\" data-claims=\"first-fin\" open>"));
  EXPECT_THAT(page, HasSubstr("data-verdict=\"PASS\" data-claims=\"first-fin\">"));
  EXPECT_THAT(page, HasSubstr("loss <small>0 of 2 passed</small>"));
  EXPECT_THAT(page,
              HasSubstr("<a href=\"#loss/b.v4\">loss/b.v4</a> headline of loss/b.v4</li></ul>"));
}

TEST(HtmlPage, LeavesOutLaddersOfWhatPassedRatherThanGrow) {
  constexpr size_t kBig = 6 << 20;
  std::vector<RunResult> results;
  for (int i = 0; i < 5; ++i) {
    results.push_back(
        Made("normal/" + std::to_string(i), i == 4 ? Verdict::kFail : Verdict::kPass));
    results.back().page.body += std::string(kBig, 'x');
  }
  const std::string page = DrawPage("6.18", results, Duration{});
  EXPECT_LT(page.size(), 21U << 20U);
  EXPECT_THAT(page, HasSubstr("body of normal/0"));
  EXPECT_THAT(page, HasSubstr("body of normal/4"));
  EXPECT_THAT(page, Not(HasSubstr("body of normal/3")));
  EXPECT_THAT(page, HasSubstr("<code>lastack report evidence/normal/3 -o FILE.html</code>"));
}

TEST(HtmlPage, TextFromOutsideCannotBecomeMarkup) {
  RunResult result = Made("x/<script>\"&", Verdict::kFail);
  result.headline = "</script><img src=x onerror=alert(1)>";
  result.hint = "<b>";
  result.file = "\"><script>";
  result.page = {"<script>", {"\" onclick=\"x"}, ""};
  const std::string page = DrawPage("<6>", {result, result}, Duration{});
  const std::string body =
      page.substr(page.find("<body"), page.rfind("<script>") - page.find("<body"));
  EXPECT_THAT(body, Not(HasSubstr("<script")));
  EXPECT_THAT(body, Not(HasSubstr("<img")));
  EXPECT_THAT(body, Not(HasSubstr("\" onclick")));
  EXPECT_THAT(body, Not(HasSubstr("<6>")));
}

TEST(HtmlPage, OfNothingIsAPage) {
  EXPECT_THAT(DrawPage("6.18", {}, Duration{}), HasSubstr("</html>"));
}

}  // namespace
}  // namespace lastack

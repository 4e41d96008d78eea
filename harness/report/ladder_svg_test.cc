// The drawing: never against the order of time, nothing on top of another, every fate distinct, no
// markup from outside.
#include "report/ladder_svg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/html_text.h"
#include "report/ladder_layout.h"
#include "report/timeline_sample.h"

namespace lastack {
namespace {

using namespace timeline_sample;  // NOLINT(google-build-using-namespace): a test's own words
using testing::HasSubstr;
using testing::Not;

constexpr LadderWidths kWidths = {27, 40, false};

Ladder LadderOf(const Timeline& timeline) {
  return MakeLadders(timeline).ladders.front();
}

std::string Draw(const Timeline& timeline) {
  return DrawSvg(LadderOf(timeline), SvgShape::kWide, "x");
}

size_t Count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

TEST(LadderLayout, LaterIsNeverHigherAndArrowsSlantDown) {
  const Ladder ladder = LadderOf(NormalClose());
  const LadderLayout layout = LayOut(ladder, kWidths);
  std::vector<std::pair<int64_t, double>> points;
  for (size_t i = 0; i < ladder.items.size(); ++i) {
    points.emplace_back(ladder.items[i].t_ns, layout.items[i].y);
    if (ladder.items[i].kind == LadderItem::Kind::kArrow) {
      points.emplace_back(ladder.items[i].end_ns, layout.items[i].end_y);
      EXPECT_GE(layout.items[i].end_y, layout.items[i].y + 18) << ladder.items[i].text;
    }
  }
  for (const auto& [t1, y1] : points) {
    for (const auto& [t2, y2] : points) {
      EXPECT_TRUE(t1 >= t2 || y1 <= y2) << t1 << " at " << y1 << ", " << t2 << " at " << y2;
    }
  }
}

TEST(LadderLayout, AnArrowEndsAtTheHeightOfTheStateItLeadsTo) {
  const Ladder ladder = LadderOf(NormalClose());
  const LadderLayout layout = LayOut(ladder, kWidths);
  EXPECT_NEAR(layout.items[4].y, layout.boxes[0][2].y, 1.0);      // FIN sent: FIN-WAIT-1
  EXPECT_NEAR(layout.items[4].end_y, layout.boxes[1][2].y, 1.0);  // FIN received: CLOSE-WAIT
}

TEST(LadderLayout, EveryStateHasRoomForItsName) {
  Timeline timeline = NormalClose();
  timeline.entries[4].received_ns = timeline.entries[4].t_ns + 1;  // all within a microsecond
  timeline.connections[0].ends[1].states[2].t_ns = timeline.entries[4].received_ns;
  const LadderLayout layout = LayOut(LadderOf(timeline), kWidths);
  for (const auto& side : layout.boxes) {
    for (const LadderPoint& box : side) {
      EXPECT_GE(box.end_y - box.y, 17);
    }
  }
}

TEST(LadderLayout, AMinuteOfSilenceTakesNoMoreRoomThanAQuarterOfASecond) {
  Timeline timeline = Empty();
  AddSegment(&timeline, "client", "FIN,ACK", 0);
  AddSegment(&timeline, "server", "ACK", 250 * kMs);
  const double shorter = LayOut(LadderOf(timeline), kWidths).height;
  timeline.entries[1].t_ns = 60'000 * kMs;
  timeline.entries[1].received_ns = 60'001 * kMs;
  EXPECT_NEAR(LayOut(LadderOf(timeline), kWidths).height, shorter, 1.0);
}

TEST(WrapText, BreaksAtSpacesAndCountsCharacters) {
  EXPECT_THAT(WrapText("want FIN, got RST", 9), testing::ElementsAre("want FIN,", "got RST"));
  EXPECT_THAT(WrapText("→→→→→", 2), testing::ElementsAre("→→", "→→", "→"));
  EXPECT_THAT(WrapText("", 5), testing::ElementsAre(""));
}

TEST(LadderSvg, FatesAreDrawnDifferently) {
  Timeline timeline = Empty();
  AddSegment(&timeline, "client", "ACK", 0);
  EXPECT_THAT(Draw(timeline), HasSubstr("<g class=\"a\">"));
  timeline.entries[0].retransmitted = true;
  EXPECT_THAT(Draw(timeline), HasSubstr("<g class=\"a again\">"));
  timeline.entries[0].injected = true;
  EXPECT_THAT(Draw(timeline), HasSubstr("<circle"));
  timeline = Empty();
  AddSegment(&timeline, "client", "FIN,ACK", 0).received_packet = 0;
  EXPECT_THAT(Draw(timeline), HasSubstr("<g class=\"a k red\">"));
  EXPECT_THAT(Draw(timeline), HasSubstr("class=\"x\""));
  EXPECT_THAT(Draw(timeline), HasSubstr(">FIN,ACK lost<"));
}

TEST(LadderSvg, PacketNumbersOfBothCapturesWhereTheyDiffer) {
  Timeline timeline = Empty();
  AddSegment(&timeline, "client", "ACK", 0);
  EXPECT_EQ(Count(Draw(timeline), ">#"), 1U);
  timeline.entries[0].received_packet = 7;
  EXPECT_THAT(Draw(timeline), HasSubstr(">#1<"));
  EXPECT_THAT(Draw(timeline), HasSubstr(">#7<"));
}

TEST(LadderSvg, MismatchesAreFramed) {
  Timeline timeline = NormalClose();
  EXPECT_THAT(Draw(timeline), Not(HasSubstr("class=\"f\"")));
  timeline.findings = {{.want = "CLOSE-WAIT", .got = "FIN-WAIT-1", .line = 12, .attached = true}};
  timeline.connections[0].ends[0].states[2].finding = 0;
  EXPECT_EQ(Count(Draw(timeline), "class=\"f\""), 1U);
  EXPECT_THAT(Draw(timeline), HasSubstr(">want CLOSE-WAIT (:12), got<"));
  timeline.findings.push_back({.want = "server RST", .got = "no such segment", .line = 14});
  EXPECT_EQ(Count(Draw(timeline), "class=\"f\""), 2U);
}

TEST(LadderSvg, TextFromOutsideCannotBecomeMarkup) {
  const std::string hostile = "<script>alert(\"x\")</script>]]>&'\x01\xff";
  Timeline timeline = NormalClose();
  timeline.entries[3].text = hostile;
  timeline.entries[4].reason = hostile;
  timeline.connections[0].ends[0].name = hostile;
  timeline.steps[1].text = hostile;
  timeline.findings = {{.want = hostile, .got = hostile, .line = 1}};
  for (const SvgShape shape : {SvgShape::kWide, SvgShape::kNarrow}) {
    const std::string svg = DrawSvg(LadderOf(timeline), shape, "x");
    EXPECT_THAT(svg, Not(HasSubstr("<script")));
    EXPECT_THAT(svg, Not(HasSubstr("]]>")));
    EXPECT_EQ(svg.find('\x01'), std::string::npos);
    EXPECT_EQ(svg.find('\xff'), std::string::npos);
  }
}

TEST(LadderSvg, HasTitleDescriptionAndRole) {
  const std::string svg = Draw(NormalClose());
  EXPECT_THAT(svg, HasSubstr("role=\"img\" aria-labelledby=\"xt xd\""));
  EXPECT_THAT(svg, HasSubstr("<title id=\"xt\">client 10.77.0.1:1 and server 10.77.0.2:2</title>"));
  EXPECT_THAT(svg, HasSubstr("<desc id=\"xd\">client closed first"));
}

TEST(LadderSvg, AsAFileItHasItsStyleAndTheVerdict) {
  const std::string file = DrawSvgFile(LadderOf(NormalClose()), "PASS", "a < b", "c & d");
  EXPECT_THAT(file, HasSubstr("<style>"));
  EXPECT_THAT(file, HasSubstr("prefers-color-scheme:dark"));
  EXPECT_THAT(file, HasSubstr(">PASS</text>"));
  EXPECT_THAT(file, HasSubstr(">a &lt; b<"));
  EXPECT_THAT(file, HasSubstr(">c &amp; d<"));
}

TEST(EscapeHtml, LeavesTextAndReplacesWhatXmlForbids) {
  EXPECT_EQ(EscapeHtml("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
  EXPECT_EQ(EscapeHtml("close → ok\n"), "close → ok\n");
  EXPECT_EQ(EscapeHtml(std::string("a\0b\x1b", 4)), "a\uFFFDb\uFFFD");
  EXPECT_EQ(EscapeHtml("\xC3\x28\xED\xA0\x80z\xF0\x9F"), "\uFFFD(\uFFFD\uFFFD\uFFFDz\uFFFD\uFFFD");
  EXPECT_EQ(EscapeHtml("\xEF\xBF\xBF"), "\uFFFD");
}

}  // namespace
}  // namespace lastack

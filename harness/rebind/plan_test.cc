#include "rebind/plan.h"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rebind/report.h"

namespace lastack {
namespace {

using testing::HasSubstr;

constexpr int64_t kDescriptors = 20'000;

RebindWishes Wishes(const std::string& strategies) {
  RebindWishes wishes;
  wishes.strategies = strategies;
  return wishes;
}

TEST(PlanCells, NothingIsOneRowWhateverTheStates) {
  RebindWishes wishes = Wishes("reuseaddr");
  wishes.counts = "100,0,1k";
  const auto cells = PlanCells(wishes, kDescriptors);
  ASSERT_TRUE(cells);
  std::vector<std::string> rows;
  for (const Cell& cell : *cells) {
    rows.push_back(std::string(ToString(cell.population)) + " " + FormatCount(cell.count));
  }
  EXPECT_THAT(
      rows,
      testing::ElementsAre(
          "nothing 0", "time-wait 100", "time-wait 1k", "established 100", "established 1k"));
}

TEST(PlanCells, WhatTakesAMinuteIsOnlyMeasuredWhenAskedFor) {
  const auto cells = PlanCells(RebindWishes{}, kDescriptors);
  ASSERT_TRUE(cells);
  EXPECT_TRUE(std::none_of(
      cells->begin(), cells->end(), [](const Cell& cell) { return cell.strategy == "wait"; }));
  const auto asked = PlanCells(Wishes("wait"), kDescriptors);
  ASSERT_TRUE(asked);
  EXPECT_GT(asked->front().within, std::chrono::seconds(62));  // 2 MSL and the timer's last step
}

TEST(PlanCells, EveryDeathAndFamilyHasItsRows) {
  RebindWishes wishes = Wishes("none,reuseaddr");
  wishes.deaths = "kill,term,close";
  wishes.families = "v4,v6,dual";
  wishes.states = "time-wait";
  wishes.counts = "1";
  const auto cells = PlanCells(wishes, kDescriptors);
  ASSERT_TRUE(cells);
  EXPECT_EQ(cells->size(), 2U * 3 * 3);
}

TEST(PlanCells, SlipOfThePenIsRecognised) {
  const auto cells = PlanCells(Wishes("reuse-addr"), kDescriptors);
  ASSERT_FALSE(cells);
  EXPECT_EQ(cells.error().kind, ErrorKind::kScenario);
  EXPECT_THAT(cells.error().hint, HasSubstr("did you mean 'reuseaddr'?"));
}

TEST(PlanCells, BadValuesAreRefusedWithTheirOption) {
  const auto message = [](auto change) {
    RebindWishes wishes;
    change(&wishes);
    const auto cells = PlanCells(wishes, kDescriptors);
    return cells ? std::string("accepted") : cells.error().message;
  };
  EXPECT_THAT(message([](RebindWishes* w) { w->counts = "10q"; }), HasSubstr("-n '10q'"));
  EXPECT_THAT(message([](RebindWishes* w) { w->counts = ""; }), HasSubstr("-n ''"));
  EXPECT_THAT(message([](RebindWishes* w) { w->deaths = "boredom"; }), HasSubstr("--death"));
  EXPECT_THAT(message([](RebindWishes* w) { w->states = "listen"; }), HasSubstr("--state"));
  EXPECT_THAT(message([](RebindWishes* w) { w->states = "nothing"; }), HasSubstr("--state"));
  EXPECT_THAT(message([](RebindWishes* w) { w->families = "v5"; }), HasSubstr("--family"));
  EXPECT_THAT(message([](RebindWishes* w) { w->probe = "later"; }), HasSubstr("--probe"));
  EXPECT_THAT(message([](RebindWishes* w) { w->within = "5"; }), HasSubstr("--within 5"));
  EXPECT_THAT(message([](RebindWishes* w) { w->within = "0s"; }), HasSubstr("--within 0s"));
  EXPECT_THAT(message([](RebindWishes* w) { w->samples = 0; }), HasSubstr("--samples 0"));
}

TEST(PlanCells, EstablishedConnectionsAreLimitedByDescriptors) {
  RebindWishes wishes;
  wishes.counts = "100k";
  const auto both = PlanCells(wishes, kDescriptors);
  ASSERT_FALSE(both);
  EXPECT_THAT(both.error().message, HasSubstr("at most 19900"));
  wishes.states = "time-wait";
  EXPECT_TRUE(PlanCells(wishes, kDescriptors));
}

TEST(UndisturbedCells, AreOneForEachNumberThatASpinDisturbs) {
  RebindWishes wishes = Wishes("reuseaddr,none,supervisor");
  wishes.counts = "0,1,100";
  const auto cells = PlanCells(wishes, kDescriptors);
  ASSERT_TRUE(cells);
  const std::vector<Cell> undisturbed = UndisturbedCells(*cells);
  ASSERT_EQ(undisturbed.size(), 2U);
  EXPECT_EQ(undisturbed[0].probe, Probe::kAfterExit);
  EXPECT_EQ(undisturbed[1].count, 100);

  wishes.probe = "after-exit";
  EXPECT_TRUE(UndisturbedCells(*PlanCells(wishes, kDescriptors)).empty());
  EXPECT_TRUE(UndisturbedCells(*PlanCells(Wishes("supervisor"), kDescriptors)).empty());
}

TEST(ParseCount, UnderstandsThousandsAndMillions) {
  EXPECT_EQ(ParseCount("0"), 0);
  EXPECT_EQ(ParseCount("10k"), 10'000);
  EXPECT_EQ(ParseCount("1M"), 1'000'000);
  for (const char* wrong : {"", "k", "-1", "1.5k", "1kk", "0x10", "99999999999999999999"}) {
    EXPECT_EQ(ParseCount(wrong), std::nullopt) << wrong;
  }
}

TEST(FormatCount, IsWhatParseCountReads) {
  for (const int64_t count : {0, 1, 999, 1000, 1500, 10'000, 1'000'000}) {
    EXPECT_EQ(ParseCount(FormatCount(count)), count);
  }
}

}  // namespace
}  // namespace lastack

#include "rebind/report.h"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "rebind/cell_json.h"
#include "rebind/plot.h"

namespace lastack {
namespace {

using testing::HasSubstr;
using testing::Not;

Sample Back(int64_t ended, int64_t listening, int64_t answered) {
  Sample sample;
  sample.back = true;
  sample.ended_ns = ended;
  sample.bound_ns = listening - 1;
  sample.listening_ns = listening;
  sample.accepted_ns = answered - 5;
  sample.answered_ns = answered;
  sample.attempts = 3;
  sample.errors = {{"bind", "EADDRINUSE", 2}};
  sample.clients = {.attempts = 4, .refused = 1, .reset = 2, .longest_gap_ns = 2'000'000};
  sample.left_before = 10;
  sample.left = 11;
  return sample;
}

Sample NotBack() {
  Sample sample;
  sample.ended_ns = 1000;
  sample.attempts = 9;
  sample.errors = {{"bind", "EADDRINUSE", 9}};
  return sample;
}

Row MakeRow(Population population, int count, std::vector<Sample> samples) {
  Row row;
  row.cell = {.strategy = "reuseaddr",
              .population = population,
              .count = count,
              .samples = 2,
              .within = std::chrono::milliseconds(500)};
  row.result.samples = std::move(samples);
  return row;
}

RebindReport MakeReport() {
  RebindReport report;
  report.context = {.version = "1", .kernel = "Linux 6.18", .hz = 250, .cores = 2};
  report.null_run.period_ns = {700, 800, 900};
  report.null_run.answered_ns = {30'000, 40'000};
  report.rows.push_back(MakeRow(Population::kNothing, 0, {Back(100'000, 103'000, 130'000)}));
  for (const int n : {1, 100, 1000, 10'000}) {
    report.rows.push_back(MakeRow(
        Population::kTimeWait, n, {Back(100'000, 103'000 + 20 * n, 130'000 + 20 * n), NotBack()}));
  }
  return report;
}

TEST(Breakdown, AddsUpToTheLatency) {
  const Breakdown usual = BreakdownOf(Back(100, 130, 200));
  EXPECT_EQ(usual.exit_ns, 100);
  EXPECT_EQ(usual.bind_ns, 30);
  EXPECT_EQ(usual.accept_ns, 70);
  const Breakdown bound_before_the_end = BreakdownOf(Back(500, 130, 200));
  EXPECT_EQ(bound_before_the_end.exit_ns, 130);
  EXPECT_EQ(bound_before_the_end.bind_ns, 0);
  EXPECT_EQ(bound_before_the_end.accept_ns, 70);
  Sample inherited = Back(100, 130, 200);
  inherited.bound_ns.reset();
  inherited.listening_ns.reset();
  const Breakdown nobody_bound = BreakdownOf(inherited);
  EXPECT_EQ(nobody_bound.exit_ns, 100);
  EXPECT_EQ(nobody_bound.bind_ns, 0);
  EXPECT_EQ(nobody_bound.accept_ns, 100);
}

TEST(RowOutcome, SaysHowManyWereBack) {
  EXPECT_EQ(OutcomeOf(MakeRow(Population::kNothing, 0, {Back(1, 2, 3)})), RowOutcome::kBack);
  EXPECT_EQ(OutcomeOf(MakeRow(Population::kNothing, 0, {NotBack()})), RowOutcome::kNotBack);
  EXPECT_EQ(OutcomeOf(MakeRow(Population::kNothing, 0, {NotBack(), Back(1, 2, 3)})),
            RowOutcome::kMixed);
  Row skipped = MakeRow(Population::kNothing, 0, {});
  skipped.problem = "not installed";
  skipped.skipped = true;
  EXPECT_EQ(OutcomeOf(skipped), RowOutcome::kSkipped);
}

TEST(Growth, IsThatOfRowsThatWereBack) {
  RebindReport report = MakeReport();
  EXPECT_TRUE(GrowthOf(report.rows).empty()) << "mixed rows are no measurement of a comeback";
  for (Row& row : report.rows) {
    row.result.samples.resize(1);
  }
  const std::vector<Growth> growth = GrowthOf(report.rows);
  ASSERT_EQ(growth.size(), 1U);
  EXPECT_NEAR(growth[0].law.exponent, 1, 0.02);
  EXPECT_EQ(growth[0].largest_n, 10'000);
}

TEST(RebindDocument, HasTheContractsFields) {
  const nlohmann::json document = RebindDocument(MakeReport());
  EXPECT_EQ(document.at("schema"), "lastack.rebind/1");
  EXPECT_EQ(document.at("null_run").at("period_ns").at("p50"), 800);
  const nlohmann::json& row = document.at("rows").at(2);
  EXPECT_EQ(row.at("strategy"), "reuseaddr");
  EXPECT_EQ(row.at("state"), "time-wait");
  EXPECT_EQ(row.at("population"), 100);
  EXPECT_EQ(row.at("outcome"), "mixed");
  EXPECT_EQ(row.at("samples"), 2);
  EXPECT_EQ(row.at("latency_us").at("p99"), 132.0);
  EXPECT_EQ(row.at("breakdown_us").at("exit"), 100.0);
  EXPECT_EQ(row.at("raw").at(0).at("answered_ns"), 132'000);
  EXPECT_TRUE(row.at("raw").at(1).at("answered_ns").is_null());
}

TEST(RebindDocument, HasNoLatencyWhereNothingWasBack) {
  RebindReport report;
  report.rows = {MakeRow(Population::kTimeWait, 1, {NotBack()})};
  const nlohmann::json row = RebindDocument(report).at("rows").at(0);
  EXPECT_TRUE(row.at("latency_us").is_null());
  EXPECT_TRUE(row.at("breakdown_us").is_null());
}

TEST(CellJson, ResultSurvivesTheWay) {
  const CellResult result{.samples = {Back(1, 2, 3), NotBack()}, .build_ns = 5};
  const auto read = ParseCellResult(ToJson(result).dump());
  ASSERT_TRUE(read);
  EXPECT_EQ(ToJson(*read), ToJson(result));
}

TEST(CellJson, CellSurvivesTheWay) {
  const Cell cell{.strategy = "destroy",
                  .death = Death::kClose,
                  .population = Population::kEstablished,
                  .count = 7,
                  .listening = Listening::kDual,
                  .samples = 3,
                  .within = std::chrono::seconds(2)};
  const auto read = ParseCell(ToJson(cell).dump());
  ASSERT_TRUE(read);
  EXPECT_EQ(ToJson(*read), ToJson(cell));
}

TEST(CellJson, ErrorOfTheOtherProgramKeepsItsKind) {
  const Error error{ErrorKind::kUnsupported, "no IPv6", "boot without ipv6.disable=1"};
  const auto read = ParseCellResult(ToJson(error).dump());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::kUnsupported);
  EXPECT_EQ(read.error().message, "no IPv6");
}

TEST(CellJson, NonsenseIsAnError) {
  for (const char* text : {"", "{", "[]", "{\"samples\": 3}", "{\"samples\": [{}]}"}) {
    EXPECT_FALSE(ParseCellResult(text)) << text;
  }
}

TEST(RebindTable, SaysWhatHappened) {
  const std::string table = RebindTable(MakeReport());
  EXPECT_THAT(table, HasSubstr("an attempt takes 800 ns"));
  EXPECT_THAT(table, HasSubstr("The server is killed (SIGKILL); v4"));
  EXPECT_THAT(table, HasSubstr("1/2"));
  EXPECT_THAT(table, HasSubstr("3 of 4"));
}

TEST(RebindTable, SaysWhyAServerWasNotBack) {
  RebindReport report;
  report.rows = {MakeRow(Population::kTimeWait, 1, {NotBack()})};
  EXPECT_THAT(RebindTable(report), HasSubstr("not back: EADDRINUSE, also 500.0 ms after the end"));
  report.rows[0].problem = "not installed";
  report.rows[0].skipped = true;
  EXPECT_THAT(RebindTable(report), HasSubstr("skipped: not installed"));
}

TEST(RebindPlot, DrawsEverySampleAndWhatWasNotBack) {
  const RebindReport report = MakeReport();
  const std::string svg = RebindPlot(report);
  EXPECT_EQ(svg.substr(0, 4), "<svg");
  EXPECT_THAT(svg, HasSubstr(">reuseaddr</text>"));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
  const auto count = [&svg](std::string_view what) {
    size_t found = 0;
    for (size_t at = svg.find(what); at != std::string::npos; at = svg.find(what, at + 1)) {
      ++found;
    }
    return found;
  };
  // Five medians over TIME-WAIT, one (N = 0) over established, five samples, three keys.
  EXPECT_EQ(count("<circle"), 5U + 1 + 5 + 3);
}

TEST(RebindPlot, OfNothingIsStillADocument) {
  EXPECT_THAT(RebindPlot({}), HasSubstr("</svg>"));
  RebindReport report;
  report.rows = {MakeRow(Population::kTimeWait, 1, {NotBack()})};
  EXPECT_THAT(RebindPlot(report), Not(HasSubstr("nan")));
}

}  // namespace
}  // namespace lastack

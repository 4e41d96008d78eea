// Rules come out of JSON as they went in, and the JSON is what docs/protocols.md says.
#include "wire/rule_json.h"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace lastack {
namespace {

using nlohmann::json;
using testing::HasSubstr;

// Written, read and written again.
json Again(const WireRule& rule) {
  const Result<WireRule> read = RuleFromJson(json::parse(RuleToJson(rule).dump()));
  return read ? RuleToJson(*read) : json(read.error().message);
}

TEST(RuleJson, SaysOnlyWhatMatters) {
  const WireRule rule{
      .name = "lose", .action = WireAction::kDrop, .match = {.from = "client", .flags = "FIN"}};
  EXPECT_EQ(RuleToJson(rule),
            json::parse(
                R"({"name": "lose", "do": "drop", "match": {"from": "client", "flags": "FIN"}})"));
  EXPECT_EQ(Again(rule), RuleToJson(rule));
}

TEST(RuleJson, EveryMember) {
  WireRule rule{.name = "swap", .action = WireAction::kHold};
  rule.match = {.from = "client",
                .flags = "FIN,ACK",
                .only = true,
                .nth = Range<int64_t>{1, 2},
                .has_bytes = false,
                .seq = Range<int64_t>{1, 100},
                .connection = "c1"};
  rule.sees = SegmentMatch{.from = "server", .has_bytes = true};
  rule.behind = true;
  const json expected = json::parse(R"({
    "name": "swap", "do": "hold",
    "match": {"from": "client", "flags": "FIN,ACK", "only": true, "nth": [1, 2], "bytes": "none",
              "seq": [1, 100], "connection": "c1"},
    "until": {"sees": {"from": "server", "bytes": "some"}, "behind": true}})");
  EXPECT_EQ(RuleToJson(rule), expected);
  EXPECT_EQ(Again(rule), expected);
}

TEST(RuleJson, StepAndTime) {
  WireRule step{.name = "s", .action = WireAction::kHold};
  step.step = 4;
  EXPECT_EQ(RuleToJson(step)["until"], json({{"step", 4}}));
  EXPECT_EQ(Again(step), RuleToJson(step));
  WireRule delay{.name = "d", .action = WireAction::kHold};
  delay.after = std::chrono::milliseconds(20);
  EXPECT_EQ(RuleToJson(delay)["until"], json({{"after", 20'000'000}}));
  EXPECT_EQ(Again(delay), RuleToJson(delay));
}

TEST(RuleJson, RefusesWhatItCannotRead) {
  for (const char* text : {R"({"name": "x", "match": {}})",
                           R"({"name": "x", "do": "lose", "match": {}})",
                           R"({"name": "x", "do": "hold", "match": {}})",
                           R"({"name": "x", "do": "drop", "match": {"nth": [1]}})",
                           R"({"name": 1, "do": "drop", "match": {}})",
                           R"([])"}) {
    const Result<WireRule> rule = RuleFromJson(json::parse(text));
    ASSERT_FALSE(rule) << text;
    EXPECT_THAT(rule.error().message, HasSubstr("malformed request")) << text;
  }
}

TEST(InjectJson, ThereAndBack) {
  Inject inject;
  inject.from = "server";
  inject.flags = "RST,ACK";
  inject.seq = {.next = true, .offset = 100};
  inject.ack = {.next = false, .offset = 1};
  inject.bytes = 3;
  const AddressPair pair{{"10.77.0.1", 40000}, {"10.77.0.2", 8080}};
  const Result<InjectRequest> read =
      InjectFromJson(InjectToJson(inject, pair), {"client", "server"});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->from, 1U);
  EXPECT_EQ(ToString(read->flags), "RST,ACK");
  EXPECT_TRUE(read->seq.next);
  EXPECT_EQ(read->seq.offset, 100);
  EXPECT_FALSE(read->ack.next);
  EXPECT_EQ(read->bytes, 3);
  ASSERT_TRUE(read->connection);
  EXPECT_EQ(read->connection->a, pair.a);
  EXPECT_FALSE(InjectFromJson(InjectToJson(inject, {}), {"a", "b"})) << "no such host";
}

}  // namespace
}  // namespace lastack

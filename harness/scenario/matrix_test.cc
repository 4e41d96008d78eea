// What the matrix makes of a file: ids, insertions, conditions, cases, exclusions, and their
// errors.
#include "scenario/matrix.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenario/loading_test.h"

namespace lastack {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> Ids(const std::vector<Variant>& variants) {
  std::vector<std::string> ids;
  ids.reserve(variants.size());
  for (const Variant& variant : variants) {
    ids.push_back(variant.scenario.id);
  }
  return ids;
}

std::vector<std::string> Texts(const Scenario& scenario) {
  std::vector<std::string> texts;
  for (const Step& step : scenario.steps) {
    texts.push_back(step.text);
  }
  return texts;
}

std::string WithMatrix(const std::string& matrix, const std::string& steps) {
  return "scenario: 1\ntitle: T\nmatrix: " + matrix + "\nsteps:\n" + steps;
}

TEST(Matrix, WithoutOneTheRunIsV4AndTheIdHasNoLabel) {
  const auto variants = LoadAll(WithSteps("  - server: listen\n"));
  EXPECT_THAT(Ids(variants), ElementsAre("test/x"));
  EXPECT_EQ(variants[0].scenario.family, Family::kV4);
}

TEST(Matrix, IdsEndInTheLabelsInOrder) {
  const auto variants =
      LoadAll(WithMatrix("{b: [x, y], family: [v4, mapped]}", "  - server: listen\n"));
  EXPECT_THAT(Ids(variants),
              ElementsAre("test/x.x.v4", "test/x.x.mapped", "test/x.y.v4", "test/x.y.mapped"));
  EXPECT_EQ(variants[1].scenario.family, Family::kMapped);
  EXPECT_THAT(variants[1].scenario.matrix,
              ElementsAre(std::pair("b", "x"), std::pair("family", "mapped")));
}

TEST(Matrix, InsertsTheWholeNodeOrText) {
  const auto variants =
      LoadAll(WithMatrix("{o: {none: [], one: [SO_REUSEADDR]}, who: [server, client]}",
                         "  - ${who}: {listen: {as: \"the-${who}\", options: \"${o}\"}}\n"));
  EXPECT_THAT(Texts(variants[0].scenario),
              ElementsAre("server: {listen: {as: the-server, options: []}}"));
  EXPECT_THAT(Texts(variants[3].scenario),
              ElementsAre("client: {listen: {as: the-client, options: [SO_REUSEADDR]}}"));
}

TEST(Matrix, WhenKeepsOrDropsAStep) {
  const auto variants = LoadAll(WithMatrix("{left: [a, b, c]}",
                                           "  - server: listen\n"
                                           "  - {client: connect, when: {left: [a, c]}}\n"
                                           "  - {server: accept, when: {left: c}}\n"));
  EXPECT_THAT(Texts(variants[0].scenario), ElementsAre("server: listen", "client: connect"));
  EXPECT_THAT(Texts(variants[1].scenario), ElementsAre("server: listen"));
  EXPECT_EQ(variants[2].scenario.steps.size(), 3U);
}

TEST(Matrix, FirstCaseThatMatchesWins) {
  const auto variants =
      LoadAll(WithMatrix("{old: [x, y], new: [x, y]}",
                         "  - rebind: {host: server, expect: {cases: [{when: {old: x, new: x}, is: "
                         "ok}, {when: {old: x}, is: EINVAL}], else: EADDRINUSE}}\n"));
  std::vector<std::string> outcomes;
  outcomes.reserve(variants.size());
  for (const Variant& variant : variants) {
    outcomes.push_back(ToString(StepAt<RebindStep>(variant.scenario, 0).expected.outcome));
  }
  EXPECT_THAT(outcomes, ElementsAre("success", "EINVAL", "EADDRINUSE", "EADDRINUSE"));
}

TEST(Matrix, ACaseWithoutElseLeavesTheDefault) {
  const auto variants = LoadAll(
      WithMatrix("{old: [x, y]}",
                 "  - rebind: {host: server, expect: {cases: [{when: {old: x}, is: EINVAL}]}}\n"));
  EXPECT_EQ(ToString(StepAt<RebindStep>(variants[1].scenario, 0).expected.outcome), "success");
}

TEST(Matrix, ExcludesCombinations) {
  const auto variants =
      LoadAll(WithMatrix("{a: [x, y], b: [x, y], exclude: [{a: x, b: [x, y], why: because}]}",
                         "  - server: listen\n"));
  EXPECT_THAT(Ids(variants), ElementsAre("test/x.y.x", "test/x.y.y"));
}

TEST(Matrix, AConditionOfAClaimBecomesItsWords) {
  const auto variants = LoadAll(
      "scenario: 1\ntitle: T\nmatrix: {old: [x, y, z]}\n"
      "claims: [{id: a, shows: confirms, when: {old: [x, y]}}, {id: b, shows: refutes, when: in "
      "words}]\nsteps: [server: listen]\n");
  ASSERT_EQ(variants.size(), 3U);
  ASSERT_EQ(variants[0].scenario.claims.size(), 2U);
  EXPECT_EQ(variants[0].scenario.claims[0].when, "old: x or y");
  EXPECT_EQ(variants[0].scenario.claims[1].when, "in words");
  EXPECT_FALSE(variants[0].scenario.claims[1].confirms);
  EXPECT_EQ(variants[2].scenario.claims.size(), 1U);
}

TEST(Matrix, FamilyV6NeedsIpv6) {
  const auto variants = LoadAll(WithMatrix("{family: [v4, v6]}", "  - server: listen\n"));
  EXPECT_THAT(variants[0].scenario.needs, IsEmpty());
  EXPECT_THAT(variants[1].scenario.needs, ElementsAre("ipv6"));
}

TEST(MatrixError, NameInCondition) {
  EXPECT_EQ(ErrorOf(WithMatrix("{old: [x]}", "  - {server: listen, when: {odl: x}}\n")),
            "x.yaml:5:29: unknown matrix name 'odl'; did you mean 'old'?\n"
            "  - {server: listen, when: {odl: x}}\n                            ^");
}

TEST(MatrixError, LabelInCondition) {
  EXPECT_EQ(ErrorOf(WithMatrix("{old: [none]}", "  - {server: listen, when: {old: [nnoe]}}\n")),
            "x.yaml:5:35: unknown label of 'old' 'nnoe'; did you mean 'none'?\n"
            "  - {server: listen, when: {old: [nnoe]}}\n                                  ^");
}

TEST(MatrixError, NameInInsertion) {
  EXPECT_EQ(ErrorOf(WithMatrix("{old: [none]}", "  - server: ${od}\n")),
            "x.yaml:5:13: unknown matrix name 'od'; did you mean 'old'?\n"
            "  - server: ${od}\n            ^");
}

TEST(MatrixError, LabelInExclusion) {
  EXPECT_EQ(
      ErrorOf(WithMatrix("{old: [none], exclude: [{old: non, why: x}]}", "  - server: listen\n")),
      "x.yaml:3:39: unknown label of 'old' 'non'; did you mean 'none'?\n"
      "matrix: {old: [none], exclude: [{old: non, why: x}]}\n"
      "                                      ^");
}

TEST(MatrixError, ExclusionWithoutReason) {
  EXPECT_EQ(ErrorOf(WithMatrix("{old: [a, b], exclude: [{old: a}]}", "  - server: listen\n")),
            "x.yaml:3:33: an exclusion says why: {name: label, why: …}\n"
            "matrix: {old: [a, b], exclude: [{old: a}]}\n                                ^");
}

TEST(MatrixError, EverythingExcluded) {
  EXPECT_EQ(ErrorOf(WithMatrix("{old: [a], exclude: [{old: a, why: b}]}", "  - server: listen\n")),
            "x.yaml:3:1: every variant is excluded\n"
            "matrix: {old: [a], exclude: [{old: a, why: b}]}\n^");
}

TEST(MatrixError, Family) {
  EXPECT_EQ(ErrorOf(WithMatrix("{family: [v5]}", "  - server: listen\n")),
            "x.yaml:3:19: unknown family 'v5'; did you mean 'v4'?\n"
            "matrix: {family: [v5]}\n                  ^");
}

TEST(MatrixError, ListWithinText) {
  EXPECT_EQ(ErrorOf(WithMatrix("{o: {a: []}}", "  - server: {listen: {as: \"x${o}\"}}\n")),
            "x.yaml:5:27: '${o}' stands within text, but its value for 'a' is a list\n"
            "  - server: {listen: {as: \"x${o}\"}}\n                          ^");
}

TEST(MatrixError, NamesTheVariantIfTheFirstOneIsGood) {
  EXPECT_EQ(ErrorOf(WithMatrix("{n: [a, b]}",
                               "  - {server: listen, when: {n: a}}\n"
                               "  - server: accept\n")),
            "x.yaml:6:13: peer 'server' has no listener; it holds: none\n"
            "  - server: accept\n            ^\nin variant test/x.b");
}

}  // namespace
}  // namespace lastack

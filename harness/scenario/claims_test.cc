// Claims: what a file gives, and its errors.
#include "scenario/claims.h"

#include <gtest/gtest.h>

#include "scenario/loading_test.h"

namespace lastack {
namespace {

constexpr const char* kClaims =
    "claims:\n"
    "  - {id: in-use, claim: bind fails, source: a book}\n"
    "  - {id: windows, claim: other there, source: a page, documented: no Windows here}\n";

std::string ErrorOfClaims(const std::string& text) {
  const auto claims = LoadClaimsText("claims.yaml", text);
  EXPECT_FALSE(claims);
  return claims ? "" : claims.error().message;
}

TEST(Claims, AreLoadedInOrder) {
  const auto claims = LoadClaimsText("claims.yaml", kClaims);
  ASSERT_TRUE(claims) << claims.error().message;
  ASSERT_EQ(claims->size(), 2U);
  EXPECT_EQ((*claims)[0].id, "in-use");
  EXPECT_EQ((*claims)[0].text, "bind fails");
  EXPECT_EQ((*claims)[0].source, "a book");
  EXPECT_EQ((*claims)[0].documented, "");
  EXPECT_EQ((*claims)[1].documented, "no Windows here");
  EXPECT_EQ((*claims)[1].place, (Place{3, 5}));
}

TEST(Claims, UnknownKey) {
  EXPECT_EQ(ErrorOfClaims("claims:\n  - {id: a, claim: b, sorce: c}\n"),
            "claims.yaml:2:23: unknown key 'sorce'; did you mean 'source'?\n"
            "  - {id: a, claim: b, sorce: c}\n                      ^");
}

TEST(Claims, GivenTwice) {
  EXPECT_EQ(ErrorOfClaims("claims:\n  - {id: a, claim: b, source: c}\n"
                          "  - {id: a, claim: d, source: e}\n"),
            "claims.yaml:3:5: claim 'a' is there already (line 2)\n"
            "  - {id: a, claim: d, source: e}\n    ^");
}

TEST(Claims, AReferenceMustExist) {
  const std::string text =
      "scenario: 1\ntitle: T\nclaims: [{id: in-usw, shows: confirms}]\nsteps: [server: listen]\n";
  const auto claims = LoadClaimsText("claims.yaml", kClaims);
  ASSERT_TRUE(claims);
  const Status status = CheckClaimRefs(LoadFirst(text), text, *claims);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message,
            "x.yaml:3:15: unknown claim 'in-usw'; did you mean 'in-use'?\n"
            "claims: [{id: in-usw, shows: confirms}]\n              ^");
}

}  // namespace
}  // namespace lastack

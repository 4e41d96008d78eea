// The claims of the literature that scenarios confirm or refute: scenarios/claims.yaml.
//
// Errors: kScenario with file:line:column and caret, as for scenarios.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "scenario/model.h"

namespace lastack {

struct Claim {
  std::string id;
  std::string text;
  std::string source;      // where it is said
  std::string documented;  // why it is not measured here; empty if it is
  Place place;
};

[[nodiscard]] Result<std::vector<Claim>> LoadClaimsText(const std::string& file,
                                                        std::string_view text);
[[nodiscard]] Result<std::vector<Claim>> LoadClaimsFile(const std::string& path);

// A claim reference of a scenario whose id is not among the claims is an error at its place; `text`
// is the scenario's.
[[nodiscard]] Status CheckClaimRefs(const Scenario& scenario,
                                    std::string_view text,
                                    const std::vector<Claim>& claims);

}  // namespace lastack

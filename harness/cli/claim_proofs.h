// What runs say about each claim of claims.yaml.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "report/result.h"
#include "scenario/claims.h"
#include "scenario/load.h"

namespace lastack {

// Scenarios are named without their matrix labels, as folder/name.
struct Proof {
  std::map<std::string, std::string> confirmed_by;  // scenario → its title
  std::map<std::string, std::string> refuted_by;
  std::set<std::string> confirmed_when;
  std::set<std::string> refuted_when;
  std::set<std::string> not_passed;  // variants: these prove nothing
};

// By the claim's id; claims that nothing speaks of are not there.
using Proofs = std::map<std::string, Proof>;

[[nodiscard]] Proofs CollectProofs(const std::vector<Variant>& variants,
                                   const std::vector<RunResult>& results);

// confirmed, refuted, depends; without a proof documented or unproved.
[[nodiscard]] std::string VerdictOf(const Claim& claim, const Proof& proof);

// The page docs/claims.md: `header` says where and how it was made.
[[nodiscard]] std::string ClaimsMarkdown(const std::vector<Claim>& claims,
                                         const Proofs& proofs,
                                         const std::string& header);

}  // namespace lastack

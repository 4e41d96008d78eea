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

// The scenarios of one side: name (folder/name, without matrix labels) → title.
struct Evident {
  std::map<std::string, std::string> by;
  std::map<std::string, std::string> always;  // those of `by` that name no condition
  std::set<std::string> when;
};

struct Proof {
  Evident confirmed;
  Evident refuted;
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

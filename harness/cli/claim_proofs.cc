// Collects the proofs of claims from the results of runs.
#include "cli/claim_proofs.h"

namespace lastack {
namespace {

std::string BaseName(const std::string& id) {
  return id.substr(0, id.find('.'));
}

void AddProof(const Scenario& scenario, const ClaimRef& claim, bool passed, Proof* proof) {
  if (!passed) {
    proof->not_passed.insert(scenario.id);
    return;
  }
  Evident& side = claim.confirms ? proof->confirmed : proof->refuted;
  const std::string name = BaseName(scenario.id);
  side.by.emplace(name, scenario.title);
  if (claim.when.empty()) {
    side.always.emplace(name, scenario.title);
  } else {
    side.when.insert(claim.when);
  }
}

}  // namespace

Proofs CollectProofs(const std::vector<Variant>& variants, const std::vector<RunResult>& results) {
  std::set<std::string> passed;
  for (const RunResult& result : results) {
    if (result.verdict == Verdict::kPass) {
      passed.insert(result.id);
    }
  }
  Proofs proofs;
  for (const Variant& variant : variants) {
    for (const ClaimRef& claim : variant.scenario.claims) {
      AddProof(variant.scenario, claim, passed.contains(variant.scenario.id), &proofs[claim.id]);
    }
  }
  return proofs;
}

std::string VerdictOf(const Claim& claim, const Proof& proof) {
  if (!proof.confirmed.by.empty() && !proof.refuted.by.empty()) {
    return "depends";
  }
  if (!proof.confirmed.by.empty()) {
    return "confirmed";
  }
  if (!proof.refuted.by.empty()) {
    return "refuted";
  }
  return claim.documented.empty() ? "unproved" : "documented";
}

}  // namespace lastack

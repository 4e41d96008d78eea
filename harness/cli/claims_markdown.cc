// Writes the claims and what runs say about them as a Markdown page.
#include <fmt/format.h>

#include "base/strings.h"
#include "cli/claim_proofs.h"

namespace lastack {
namespace {

// A cell of a table.
std::string Cell(std::string_view text) {
  std::string cell;
  for (const char c : text) {
    cell += c == '\n' ? std::string(" ") : c == '|' ? std::string("\\|") : std::string(1, c);
  }
  return cell;
}

std::string Joined(const std::set<std::string>& whens) {
  return Join({whens.begin(), whens.end()}, "; or ");
}

// Under which conditions, or if the scenarios name none, what they show.
std::string Why(const std::map<std::string, std::string>& titles,
                const std::set<std::string>& whens) {
  return whens.empty() ? titles.begin()->second : "when " + Joined(whens);
}

std::string Reason(const Claim& claim, const Proof& proof) {
  const std::string verdict = VerdictOf(claim, proof);
  if (verdict == "depends") {
    return fmt::format("confirmed: {}. Refuted: {}",
                       Why(proof.confirmed_by, proof.confirmed_when),
                       Why(proof.refuted_by, proof.refuted_when));
  }
  if (verdict == "documented") {
    return claim.documented;
  }
  if (verdict == "unproved") {
    return proof.not_passed.empty() ? "no scenario of this run speaks of it"
                                    : "its scenarios did not pass here";
  }
  const bool confirmed = verdict == "confirmed";
  const auto& titles = confirmed ? proof.confirmed_by : proof.refuted_by;
  const auto& whens = confirmed ? proof.confirmed_when : proof.refuted_when;
  return titles.begin()->second + (whens.empty() ? "" : " (" + Joined(whens) + ")");
}

std::string Scenarios(const Proof& proof) {
  std::set<std::string> names;
  for (const auto* titles : {&proof.confirmed_by, &proof.refuted_by}) {
    for (const auto& [name, title] : *titles) {
      names.insert("`" + name + "`");
    }
  }
  return Join({names.begin(), names.end()}, ", ");
}

}  // namespace

std::string ClaimsMarkdown(const std::vector<Claim>& claims,
                           const Proofs& proofs,
                           const std::string& header) {
  std::string page = "# Claims about closing TCP connections\n\n" + header +
                     "\n\n| id | claim | verdict | shown by | why |\n|---|---|---|---|---|\n";
  for (const Claim& claim : claims) {
    const auto found = proofs.find(claim.id);
    const Proof proof = found == proofs.end() ? Proof() : found->second;
    page += fmt::format("| {} | {} | {} | {} | {} |\n",
                        claim.id,
                        Cell(claim.text),
                        VerdictOf(claim, proof),
                        Scenarios(proof),
                        Cell(Reason(claim, proof)));
  }
  return page;
}

}  // namespace lastack

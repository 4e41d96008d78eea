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

// What a scenario without conditions shows; if there is none, under which conditions.
std::string Why(const Evident& side) {
  return side.always.empty() ? "when " + Joined(side.when) : side.always.begin()->second;
}

std::string Reason(const Claim& claim, const Proof& proof) {
  const std::string verdict = VerdictOf(claim, proof);
  if (verdict == "depends") {
    return fmt::format("confirmed: {}. Refuted: {}", Why(proof.confirmed), Why(proof.refuted));
  }
  if (verdict == "documented") {
    return claim.documented;
  }
  if (verdict == "unproved") {
    return proof.not_passed.empty() ? "no scenario of this run speaks of it"
                                    : "its scenarios did not pass here";
  }
  const Evident& side = verdict == "confirmed" ? proof.confirmed : proof.refuted;
  return side.always.empty() ? fmt::format("{} ({})", side.by.begin()->second, Joined(side.when))
                             : side.always.begin()->second;
}

std::string Scenarios(const Proof& proof) {
  std::set<std::string> names;
  for (const Evident* side : {&proof.confirmed, &proof.refuted}) {
    for (const auto& [name, title] : side->by) {
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

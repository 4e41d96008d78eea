// Loads the claims.
#include "scenario/claims.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "scenario/diagnostic.h"
#include "scenario/file.h"
#include "scenario/keys.h"
#include "scenario/value.h"
#include "scenario/yaml.h"

namespace lastack {
namespace {

const KeyTable& FileKeys() {
  static const KeyTable kTable = {"claims file", {{"claims", Shape::kClaims, true}}, ""};
  return kTable;
}

const KeyTable& ClaimKeys() {
  static const KeyTable kTable = {"claim",
                                  {{"id", Shape::kName, true},
                                   {"claim", Shape::kText, true},
                                   {"source", Shape::kText, true},
                                   {"documented", Shape::kText}},
                                  ""};
  return kTable;
}

Claim ReadClaim(const Node& node, Problems& problems) {
  const MapReader reader(problems, node, ClaimKeys());
  const auto text = [&](std::string_view key) {
    const Node* value = reader.Get(key);
    return value == nullptr ? std::string() : ReadText(*value, problems);
  };
  Claim claim{text("id"), text("claim"), text("source"), text("documented"), node.place};
  if (const Node* id = reader.Get("id")) {
    CheckName(claim.id, id->place, problems);
  }
  return claim;
}

void CheckUnique(const Claim& claim, const std::vector<Claim>& former, Problems& problems) {
  for (const Claim& other : former) {
    if (other.id == claim.id) {
      problems.Add(
          claim.place,
          fmt::format("claim '{}' is there already (line {})", claim.id, other.place.line));
    }
  }
}

}  // namespace

Result<std::vector<Claim>> LoadClaimsText(const std::string& file, std::string_view text) {
  const Result<Node> root = ParseYaml(file, text);
  if (!root) {
    return Fail(root.error());
  }
  Problems problems(file, text);
  const MapReader reader(problems, *root, FileKeys());
  std::vector<Claim> claims;
  if (const Node* list = reader.Get("claims")) {
    if (!list->IsSequence()) {
      problems.Add(list->place, "'claims' is a list of {id: …, claim: …, source: …}");
    }
    for (const Node& item : list->items) {
      Claim claim = ReadClaim(item, problems);
      CheckUnique(claim, claims, problems);
      claims.push_back(std::move(claim));
    }
  }
  if (problems.any()) {
    return Fail(problems.first());
  }
  return claims;
}

Result<std::vector<Claim>> LoadClaimsFile(const std::string& path) {
  const Result<std::string> text = ReadTextFile(path);
  if (!text) {
    return Fail(text.error());
  }
  return LoadClaimsText(path, *text);
}

Status CheckClaimRefs(const Scenario& scenario,
                      std::string_view text,
                      const std::vector<Claim>& claims) {
  std::vector<std::string> ids;
  ids.reserve(claims.size());
  for (const Claim& claim : claims) {
    ids.push_back(claim.id);
  }
  for (const ClaimRef& ref : scenario.claims) {
    if (std::find(ids.begin(), ids.end(), ref.id) == ids.end()) {
      return Fail(Diagnose(scenario.file, text, ref.place, Unknown("claim", ref.id, ids)));
    }
  }
  return {};
}

}  // namespace lastack

// Writes the evidence folder of one run: captures with comments, scenario, raw events, and the
// documents derived from them.
//
// docs/evidence.md documents the files.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "base/result.h"
#include "judge/finding.h"
#include "record/evidence.h"
#include "scenario/load.h"

namespace lastack {

// The file in the folder that has what was captured at this host.
[[nodiscard]] std::string CapturePath(const std::string& directory, const std::string& host);

// Makes the folder (and those above it) if needed; files of an earlier run in it are replaced.
// Comments are added to the frames of `evidence`.
[[nodiscard]] Status WriteEvidence(const std::string& directory,
                                   const Variant& variant,
                                   const Judgement& judgement,
                                   Evidence* evidence);

// Replaces only result.json and timeline.json, after judging anew.
[[nodiscard]] Status WriteDerived(const std::string& directory,
                                  const Scenario& scenario,
                                  const Judgement& judgement,
                                  Evidence* evidence);

// The parts of scenario.json.
struct StoredScenario {
  Scenario scenario;
  std::string source;
  // Where the stored parts contradict one another (source, its hash, the resolved variant); empty
  // if they do not.
  std::vector<Finding> contradictions;
};

// What scenario files say, for reading many runs of the same: the resolved variants (as JSON) of
// each source text.
struct KnownSources {
  // ("folder/name in file", source) → id → resolved variant
  std::map<std::pair<std::string, std::string>, std::map<std::string, std::string>> variants;
};

[[nodiscard]] Result<StoredScenario> ParseScenarioJson(std::string_view text, KnownSources* known);

}  // namespace lastack

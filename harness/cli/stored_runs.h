// The evidence of runs on disk, found and judged again.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "record/evidence.h"
#include "report/evidence_files.h"
#include "report/result.h"
#include "scenario/model.h"

namespace lastack {

// The folder itself, or every one below it that holds the evidence of a run, by name; none if there
// is none.
[[nodiscard]] std::vector<std::string> FindRuns(const std::string& directory);

struct StoredResult {
  Scenario scenario;
  Evidence evidence;
  RunResult result;  // judged anew; without a ladder
};

// `scenario_file`: judge by the variant of the same id in this file; empty: by the stored one.
// Errors name the folder and what is missing or broken in it.
[[nodiscard]] Result<StoredResult> JudgeStored(const std::string& directory,
                                               const std::string& scenario_file,
                                               KnownSources* known);

}  // namespace lastack

// The derived JSON documents: lastack.result/1 of one run, its timeline, and lastack.suite/1 of
// many.
//
// docs/evidence.md documents every field.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "record/evidence.h"
#include "report/result.h"
#include "report/timeline.h"
#include "scenario/model.h"

namespace lastack {

[[nodiscard]] std::string ResultDocument(const Scenario& scenario,
                                         const Evidence& evidence,
                                         const Judgement& judgement);

[[nodiscard]] std::string TimelineDocument(const std::string& id, const Timeline& timeline);

[[nodiscard]] std::string SuiteDocument(const std::string& kernel,
                                        const std::vector<RunResult>& results,
                                        Duration wall);

}  // namespace lastack

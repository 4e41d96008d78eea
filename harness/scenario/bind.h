// Turns the tree of one variant into the scenario model: every key and value checked, every default
// filled in.
#pragma once

#include <string>

#include "scenario/diagnostic.h"
#include "scenario/matrix.h"
#include "scenario/model.h"
#include "scenario/node.h"

namespace lastack {

// `id` is the variant's. What is wrong goes into `problems`; the scenario is then of no use.
[[nodiscard]] Scenario BindScenario(const Node& root,
                                    const std::string& file,
                                    const std::string& id,
                                    const Labels& labels,
                                    Problems& problems);

// The run's family: the label of `family`, or v4.
[[nodiscard]] Family FamilyOf(const Labels& labels);

}  // namespace lastack

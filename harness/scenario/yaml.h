// Reads YAML text into a node tree. The only place that knows which YAML library is used.
//
// Errors: kScenario with file:line:column and caret. Besides bad syntax: a key given twice, anchors
// and aliases, tags, tabs as indentation, several documents, text that is not UTF-8, and more depth
// or size than a scenario can need.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "scenario/node.h"

namespace lastack {

[[nodiscard]] Result<Node> ParseYaml(const std::string& file, std::string_view text);

}  // namespace lastack

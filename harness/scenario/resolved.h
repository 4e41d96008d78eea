// The stored form of a variant's tree: JSON with every scalar as text, and the places beside it.
//
// {"scenario": …, "places": {"/steps/0": [line, column], …}, "family": "v4", "matrix": [["old",
// "none"], …]}; the keys of places are JSON pointers (RFC 6901) into "scenario".
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "scenario/matrix.h"
#include "scenario/node.h"

namespace lastack {

struct ResolvedTree {
  Node root;
  Labels labels;
};

[[nodiscard]] std::string WriteResolved(const ResolvedTree& tree);

// Errors: kScenario if it is not what WriteResolved writes.
[[nodiscard]] Result<ResolvedTree> ReadResolved(const std::string& file, std::string_view json);

}  // namespace lastack

// Loads scenario files: YAML text to checked, resolved variants, or an error with its place.
//
// Errors are of kind kScenario; their message is the whole text for the user: "file:line:column:
// message", the line, a caret, and "did you mean" where something is near.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "scenario/model.h"

namespace lastack {

// One variant together with what a stored copy needs.
struct Variant {
  Scenario scenario;
  std::string source;    // text of the file
  std::string resolved;  // JSON of the resolved variant with its places; LoadResolved reads it back
};

// All variants of one file's text. `file` is how messages name it; `id` is "folder/name" (the last
// folder and the file's stem).
[[nodiscard]] Result<std::vector<Variant>> LoadScenarioText(const std::string& file,
                                                            const std::string& id,
                                                            std::string_view text);

// Reads the file; the id comes from its path: ".../normal/active-close-client.yaml" →
// "normal/active-close-client".
[[nodiscard]] Result<std::vector<Variant>> LoadScenarioFile(const std::string& path);

// The scenario of a stored `Variant::resolved`. `id` is the variant's (Scenario::id). There is no
// source text, so that messages have the place but neither line nor caret.
[[nodiscard]] Result<Scenario> LoadResolved(const std::string& file,
                                            const std::string& id,
                                            std::string_view resolved_json);

}  // namespace lastack

// The words about one result that the console, JUnit, KTAP and GitHub share.
//
// Texts are as scenario files have them; PlainText makes them harmless.
#pragma once

#include <string>
#include <vector>

#include "report/result.h"

namespace lastack {

[[nodiscard]] bool IsFine(const RunResult& result);  // PASS or SKIP

// "normal" and "active-close-client.v4" of the id "normal/active-close-client.v4".
[[nodiscard]] std::string FamilyOf(const RunResult& result);
[[nodiscard]] std::string NameOf(const RunResult& result);

// The line of the first difference, else the line where the scenario begins.
[[nodiscard]] int LineOf(const RunResult& result);

// The command that runs just this variant again.
[[nodiscard]] std::string AgainCommand(const RunResult& result);

// For each finding its place, witness, what was expected and what was there; lines end with \n.
[[nodiscard]] std::string FindingsText(const RunResult& result);

// Headline, hint, findings, ladder, evidence folder, and, of what did not pass, the command to run
// it again. Lines are indented by two spaces and end with \n.
[[nodiscard]] std::string DetailsText(const RunResult& result);

}  // namespace lastack

// What a restart looked like: for people, and as the document lastack.restart/1.
//
// docs/restart.md shows the one and documents every field of the other.
#pragma once

#include <string>

#include "base/result.h"
#include "record/evidence.h"
#include "restart/diagnose.h"
#include "restart/facts.h"

namespace lastack {

// The diagnosis first; `evidence` is the folder, empty if there is none.
[[nodiscard]] std::string RestartText(const RestartFacts& facts,
                                      const Diagnosis& diagnosis,
                                      const std::string& evidence);

[[nodiscard]] std::string RestartDocument(const RestartFacts& facts,
                                          const Diagnosis& diagnosis,
                                          const std::string& evidence);

// Makes the folder with client.pcapng, server.pcapng, events.jsonl and restart.json; files of an
// earlier run in it are replaced.
[[nodiscard]] Status WriteRestartEvidence(const std::string& directory,
                                          const RestartFacts& facts,
                                          const Diagnosis& diagnosis,
                                          const Evidence& evidence);

}  // namespace lastack

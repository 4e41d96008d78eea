// The evidence of one run on disk: DIR/<id>/ with scenario.json, events.jsonl and one HOST.pcapng
// per host.
//
// The files are documented in docs/evidence.md.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "record/evidence.h"

namespace lastack {

// What `lastack judge` reads back.
struct StoredRun {
  std::string scenario_json;  // the text of scenario.json
  Evidence evidence;
};

// Replaces the file: at any time there is the old text, the new one or (for a moment) none, never a
// part, and nothing else in the folder, however the process ends. The folder must exist. Errors are
// kSystem (a full disk, a folder that may not be written to) and name the path.
[[nodiscard]] Status WriteFileAtomically(const std::string& path, std::string_view text);

// The whole file; errors name the path.
[[nodiscard]] Result<std::string> ReadWholeFile(const std::string& path);

// Reads the evidence in `directory`: the scenario, the events, and the capture of each host that
// the run_started event names; never the derived result.json and timeline.json. Errors are kSystem
// and name the file that is missing or broken.
[[nodiscard]] Result<StoredRun> ReadRun(const std::string& directory);

}  // namespace lastack

// Cells and what was measured in them as JSON: between lastack and lastack-rebind, and in
// `lastack rebind --json`.
//
// Errors: kSystem for a text that is not what the other program writes.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"
#include "rebind/cell.h"
#include "rebind/null_run.h"

namespace lastack {

[[nodiscard]] nlohmann::json ToJson(const Cell& cell);
[[nodiscard]] nlohmann::json ToJson(const Sample& sample);
[[nodiscard]] nlohmann::json ToJson(const CellResult& result);
[[nodiscard]] nlohmann::json ToJson(const NullRun& run);
[[nodiscard]] nlohmann::json ToJson(const Error& error);  // {"error": …}

[[nodiscard]] Result<Cell> ParseCell(std::string_view text);
// Also what was said instead: an error of the other program is returned as such.
[[nodiscard]] Result<CellResult> ParseCellResult(std::string_view text);
[[nodiscard]] Result<NullRun> ParseNullRun(std::string_view text);

}  // namespace lastack

// Has lastack-rebind measure, in a PID namespace of its own: whatever took part has ended with it.
//
// Call EnterUserNamespaceIfNeeded before. Errors: those of the measurement; "interrupted" (kSystem)
// when `stop_fd` has become readable; kSystem when it takes much longer than it can.
#pragma once

#include <string>

#include "base/result.h"
#include "rebind/cell.h"
#include "rebind/null_run.h"

namespace lastack {

[[nodiscard]] Result<CellResult> RunCell(const Cell& cell, const std::string& program, int stop_fd);
[[nodiscard]] Result<NullRun> RunNull(Listening listening, const std::string& program, int stop_fd);

}  // namespace lastack

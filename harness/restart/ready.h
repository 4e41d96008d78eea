// Until a server that was started for the first time is ready: found on its port, with its main
// process known.
//
// Errors: kSystem with the last output; it ended before, listens elsewhere, or was not ready in
// time.
#pragma once

#include "base/result.h"
#include "restart/context.h"

namespace lastack {

[[nodiscard]] Status AwaitReady(RestartContext* run);

}  // namespace lastack

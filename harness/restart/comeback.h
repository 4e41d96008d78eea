// After the death: started again, and again when it gives up, until it serves or its time is over.
//
// Errors: kSystem where it cannot even be executed again, or the host is gone.
#pragma once

#include "base/result.h"
#include "restart/context.h"

namespace lastack {

[[nodiscard]] Status StartUntilServed(RestartContext* run);

// What there is when it is over, and if it does not serve, what the kernel says to a socket of
// ours.
[[nodiscard]] Status LookAtEnd(RestartContext* run);

}  // namespace lastack

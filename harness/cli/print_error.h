// How errors reach the user: on stderr, the message first, then what to do.
#pragma once

#include "base/result.h"

namespace lastack {

void PrintError(const Error& error);

}  // namespace lastack

// The peer itself: reads requests, has each carried out, reports it.
//
// Threads: the control thread reads requests and carries out what cannot block; every other call
// has a thread of its own, so that later calls can overtake it.
#pragma once

#include "base/fd.h"
#include "peer/on_term.h"

namespace lastack {

// Says hello on the control descriptor and serves it. Ends with the process: at end of file on the
// control descriptor, by the call `exit`, or by SIGTERM.
[[noreturn]] void ServePeer(Fd control, TermMode mode);

}  // namespace lastack

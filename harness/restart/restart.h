// The story of one restart: a server is started, gets clients, dies, and is started again until it
// serves or its time is over.
//
// Call EnterUserNamespaceIfNeeded before. Errors are what kept the server from being measured, with
// the last of its output: it never started, was never ready, would not die. Whatever happens,
// nothing of it is left running.
#pragma once

#include <string>

#include "base/result.h"
#include "record/evidence.h"
#include "restart/facts.h"
#include "restart/request.h"
#include "testbed/testbed.h"

namespace lastack {

struct RestartEnvironment {
  Programs programs;
  int stop_fd = -1;      // readable: end, with the error "interrupted"
  bool capture = false;  // what passes on the wire is kept; that costs time while sockets die
};

struct RestartRun {
  RestartFacts facts;
  Evidence evidence;
};

[[nodiscard]] Result<RestartRun> RunRestart(const RestartRequest& request,
                                            const RestartEnvironment& environment);

}  // namespace lastack

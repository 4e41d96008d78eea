// The clients of a server that is ready, and its death.
//
// Errors: kSystem with the last output; nobody can connect, or it does not die.
#pragma once

#include "base/result.h"
#include "restart/context.h"

namespace lastack {

// What there is before the death: processes, listeners, the options of accepted connections. What
// an earlier look has seen and a later one does not find any more stays.
[[nodiscard]] Status LookBeforeDeath(RestartContext* run);

// The live connections, as many as the server takes.
[[nodiscard]] Status OpenConnections(RestartContext* run);

// Sends the request and the signal that are asked for, and waits until the server is gone.
[[nodiscard]] Status LetDie(RestartContext* run);

// The states of the sockets on the port now, into the evidence; `phase` is the event's `step`.
[[nodiscard]] Result<std::vector<PortSocket>> SampleStates(RestartContext* run, int phase);
constexpr int kBeforeDeath = 0;
constexpr int kAfterDeath = 1;
constexpr int kAtEnd = 2;

}  // namespace lastack

// The requests of lastack.host/1: each line parsed, and given to the part of the host that carries
// it out.
#pragma once

#include <string>

#include "host/captures.h"
#include "host/output.h"
#include "host/peers.h"
#include "host/programs.h"
#include "host/rebind.h"
#include "host/state_waits.h"
#include "observe/sock_diag.h"

namespace lastack {

// What requests act on.
struct HostParts {
  Output* output;
  SockDiag* diag;
  Peers* peers;
  Programs* programs;
  Captures* captures;
  StateWaits* waits;
  Rebinds* rebinds;
  bool* keep;  // the end of the input does not end the host
};

// Carries out one request and answers it now, or leaves the answer to the part that waits for
// something. A request that is not as the protocol has it is answered with kScenario.
void HandleRequest(const std::string& line, const HostParts& parts);

// The answer to a rebind request.
[[nodiscard]] nlohmann::json RebindToJson(const RebindOutcome& outcome);

}  // namespace lastack

// What the parts of one run share: the scenario, its testbed, the session with the hosts, the
// record.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "run/endpoint_book.h"
#include "run/recorder.h"
#include "run/session.h"
#include "scenario/model.h"
#include "testbed/testbed.h"

namespace lastack {

struct RunContext {
  const Scenario* scenario = nullptr;
  Testbed* testbed = nullptr;
  Session* session = nullptr;
  Recorder* recorder = nullptr;
  std::map<std::string, std::string> peer_programs;  // peer → program instead of lastack-peer
  EndpointBook book;
  size_t learned = 0;                     // events that the book has taken over
  std::map<std::string, int64_t> spawns;  // peer → its open spawn request, or kSpawned
  int step = kBeforeFirstStep;
  int64_t step_started_ns = 0;
};

}  // namespace lastack

// Carries out the requests of lastack.wire/1.
#pragma once

#include <string>

#include "wire/line_writer.h"
#include "wire/switchboard.h"

namespace lastack {

// What a request may act upon.
struct RelayParts {
  Switchboard* board = nullptr;
  LineWriter* writer = nullptr;
  bool* keep = nullptr;  // go on after the end of the requests
};

// Carries out one request, a line of JSON, and writes its answer.
void HandleWireRequest(const std::string& line, const RelayParts& parts);

}  // namespace lastack

// Carries out the requests of lastack.wire/1.
#pragma once

#include <string>

#include "wire/line_writer.h"
#include "wire/switchboard.h"

namespace lastack {

// Carries out one request, a line of JSON, and writes its answer.
void HandleWireRequest(const std::string& line, Switchboard* board, LineWriter* writer);

}  // namespace lastack

// The ladder of a close path as text: time, calls and states at either side, segments between them.
#pragma once

#include <string>

#include "report/timeline.h"

namespace lastack {

// UTF-8, at most 100 columns, without colour. Data segments in a row are folded into one line, long
// silences too, and of many connections the first few are drawn.
[[nodiscard]] std::string DrawLadder(const Timeline& timeline);

}  // namespace lastack

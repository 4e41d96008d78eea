// Where on paper the moments of a ladder stand: never against the order of time, far enough apart
// to be read, long pauses shortened.
//
// Units: y in pixels from the top of the drawing's lanes.
#pragma once

#include <array>
#include <vector>

#include "report/ladder.h"

namespace lastack {

struct LadderPoint {
  double y = 0;       // its own moment; of an arrow its sending
  double end_y = 0;   // of an arrow its arrival, of a fold and a box its end
  double note_y = 0;  // of the text that says what is wrong with it
};

struct LadderLayout {
  std::vector<LadderPoint> items;                 // as Ladder::items
  std::array<std::vector<LadderPoint>, 2> boxes;  // as LadderEnd::boxes
  std::vector<LadderPoint> silences;              // as Ladder::silences: the band's middle
  double height = 0;
};

// How many characters of a text stand in one line.
struct LadderWidths {
  size_t side = 0;      // calls
  size_t middle = 0;    // between the lanes
  bool narrow = false;  // calls stand between the lanes, too
};

// The lines in which a text is written: at most that many characters each, broken at spaces.
[[nodiscard]] std::vector<std::string> WrapText(const std::string& text, size_t width);

[[nodiscard]] LadderLayout LayOut(const Ladder& ladder, const LadderWidths& widths);

}  // namespace lastack

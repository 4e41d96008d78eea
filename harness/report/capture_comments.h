// What the comments in a capture say about each segment, so that the story can be read in Wireshark
// alone: the step behind it, the state it led to, what the relay did, and what was not as expected.
//
// docs/evidence.md documents the comments. No verdict depends on them.
#pragma once

#include "judge/finding.h"
#include "record/evidence.h"
#include "report/timeline.h"
#include "scenario/model.h"

namespace lastack {

// Sets the comments of the frames of both ends. A finding is said at the segment that it rests on,
// in each capture that has this segment.
void CommentCaptures(const Scenario& scenario,
                     const Judgement& judgement,
                     const Timeline& timeline,
                     Evidence* evidence);

}  // namespace lastack

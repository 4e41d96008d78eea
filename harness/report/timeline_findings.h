// Says at which entries and states of a timeline the judge's findings are to be seen.
#pragma once

#include "report/timeline.h"

namespace lastack {

// Fills Timeline::findings and the references to it. A finding that rests on nothing that a ladder
// shows (a segment that was never sent) stays unattached.
void AttachFindings(const Evidence& evidence, const Judgement& judgement, Timeline* timeline);

}  // namespace lastack

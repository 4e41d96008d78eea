// The tables of a run's part of the page.
#pragma once

#include <string>

#include "record/evidence.h"
#include "report/ladder.h"
#include "scenario/model.h"

namespace lastack::html {

// For an id attribute and a fragment of a URL.
[[nodiscard]] std::string Anchor(const std::string& id);

// At most as much as fits a chip, with "…" if something is left out.
[[nodiscard]] std::string Short(const std::string& text);

// What the drawing shows, as a table for those who do not see it.
[[nodiscard]] std::string LadderTable(const Ladder& ladder);

// All connections, if not each has a ladder.
[[nodiscard]] std::string GroupTable(const Ladders& ladders);

[[nodiscard]] std::string Expectations(const Scenario& scenario,
                                       const Judgement& judgement,
                                       const Timeline& timeline,
                                       const Ladders& ladders);

// Kernel, sysctls in force, counters that moved, link.
[[nodiscard]] std::string Machine(const Scenario& scenario, const Evidence& evidence);

}  // namespace lastack::html

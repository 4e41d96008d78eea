// The parts of which a ladder is made: lanes of states, folded transfers, silences, the story.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "report/ladder.h"

namespace lastack::ladder {

// "want …, got … (:16)" of a finding of this timeline; empty for kNoFinding.
[[nodiscard]] std::string Mismatch(const Timeline& timeline, int finding);

// Of one connection; −1: of a run that has none.
[[nodiscard]] Ladder MakeLadder(const Timeline& timeline, int connection);

// What both witnesses saw of one endpoint as one sequence. A state that the kernel was seen in
// while the wire shows it, too, is one state.
[[nodiscard]] std::vector<LadderBox> MakeBoxes(const Timeline& timeline,
                                               const TimelineEndpoint& endpoint,
                                               int64_t end_ns);

// Puts segments in a row that change nothing (data, ACKs, repeated injections) into one item:
// "37 data segments, 52 KiB; 20 ACKs". Other items among them stay.
void FoldTransfers(std::vector<LadderItem>* items);

// While a segment is under way it is not silent.
[[nodiscard]] std::vector<LadderSilence> FindSilences(const Ladder& ladder);

// Fills in the story and the part that each end had. The names are those of the ends.
void TellStory(const std::array<std::string, 2>& names, Ladder* ladder);

// "52 KiB", "100 bytes".
[[nodiscard]] std::string FormatBytes(uint64_t bytes);

}  // namespace lastack::ladder

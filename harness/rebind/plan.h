// Which rows `lastack rebind` measures, from what the command line asks for.
//
// Pure. Errors: kScenario for words that are none of the known ones, with the nearest of them.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "rebind/cell.h"

namespace lastack {

// As written: comma-separated lists.
struct RebindWishes {
  std::string strategies;  // empty: all that need no minute
  std::string deaths = "kill";
  std::string states = "time-wait,established";
  std::string counts = "0,1,100,1k,10k";
  std::string families = "v4";
  std::string probe = "spin";
  std::string within = "500ms";
  int samples = 5;
};

// In the order of the table. 0 connections are one row, whatever the states. `most_descriptors`:
// what one process may have open.
[[nodiscard]] Result<std::vector<Cell>> PlanCells(const RebindWishes& wishes,
                                                  int64_t most_descriptors);

// The deaths that tell how much the spin of these disturbs: one row for each number of established
// connections, death and family, where it spins at all.
[[nodiscard]] std::vector<Cell> UndisturbedCells(const std::vector<Cell>& cells);

}  // namespace lastack

// Which variants a command works on: finds the files, loads them all, filters, orders.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "scenario/load.h"

namespace lastack {

struct Selection {
  std::vector<std::string>
      paths;  // files and folders; empty: the scenarios that come with the program
  std::vector<std::string> filters;         // globs over ids; any of them
  std::vector<std::string> labels;          // all of them
  std::vector<std::string> exclude_labels;  // none of them
  std::vector<std::string>
      settings;  // KEY=VALUE: a matrix name and label, or a sysctl for every host
  bool shuffle = false;
  uint64_t seed = 0;
  std::string shard;  // "I/N"
};

// The scenarios folder to use when no path is given: ./scenarios, else the installed one.
[[nodiscard]] std::string DefaultScenarios();

// All errors of all files in one message (kScenario), so that nothing is run when one of them is
// wrong.
[[nodiscard]] Result<std::vector<Variant>> SelectVariants(const Selection& selection);

}  // namespace lastack

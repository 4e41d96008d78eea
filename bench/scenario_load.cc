// How long loading takes: every scenario file there is, to resolved variants.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include <benchmark/benchmark.h>

#include "scenario/load.h"

namespace lastack {
namespace {

// The files in the folders of scenarios/; claims.yaml beside those folders is no scenario.
std::vector<std::string> ScenarioFiles() {
  std::vector<std::string> files;
  std::error_code error;
  std::filesystem::recursive_directory_iterator entry(LASTACK_SCENARIOS, error);
  for (const std::filesystem::recursive_directory_iterator end; !error && entry != end;
       entry.increment(error)) {
    if (entry.depth() > 0 && entry->path().extension() == ".yaml") {
      files.push_back(entry->path().string());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

void BenchLoadAllScenarios(benchmark::State& bench) {
  const std::vector<std::string> files = ScenarioFiles();
  if (files.empty()) {
    bench.SkipWithError("no scenario files in " LASTACK_SCENARIOS);
  }
  size_t variants = 0;
  for ([[maybe_unused]] auto unused : bench) {
    variants = 0;
    for (const std::string& file : files) {
      const Result<std::vector<Variant>> loaded = LoadScenarioFile(file);
      if (!loaded) {
        bench.SkipWithError(loaded.error().message.c_str());
        return;
      }
      variants += loaded->size();
    }
  }
  bench.SetItemsProcessed(bench.iterations() * static_cast<int64_t>(variants));
  bench.counters["files"] = static_cast<double>(files.size());
  bench.counters["variants"] = static_cast<double>(variants);
}
BENCHMARK(BenchLoadAllScenarios)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace lastack

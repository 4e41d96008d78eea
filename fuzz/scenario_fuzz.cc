// Fuzzes the scenario loader: any text gives variants or an error, and what it gives can be stored
// and read back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "scenario/load.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes as text
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto variants = lastack::LoadScenarioText("fuzz.yaml", "fuzz/scenario", text);
  if (!variants) {
    return 0;
  }
  for (const lastack::Variant& variant : *variants) {
    if (!lastack::LoadResolved("fuzz.yaml", variant.scenario.id, variant.resolved)) {
      std::abort();
    }
  }
  return 0;
}

// The JSON Schema of the scenario format, made from the same tables that the loader checks keys
// with.
#pragma once

#include <string>

namespace lastack {

// A document of draft 2020-12, for editors: it knows keys, words and the look of values.
// References, order and what the matrix makes of a file only the loader checks.
[[nodiscard]] std::string ScenarioSchema();

}  // namespace lastack

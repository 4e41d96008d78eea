// Short hands for tests of the loader: a text becomes its variants, or its error.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "scenario/load.h"

namespace lastack {

inline std::vector<Variant> LoadAll(std::string_view text) {
  auto variants = LoadScenarioText("x.yaml", "test/x", text);
  EXPECT_TRUE(variants) << (variants ? "" : variants.error().message);
  return variants ? *variants : std::vector<Variant>{};
}

// The only variant, or the first.
inline Scenario LoadFirst(std::string_view text) {
  const auto variants = LoadAll(text);
  return variants.empty() ? Scenario{} : variants.front().scenario;
}

inline std::string ErrorOf(std::string_view text) {
  const auto variants = LoadScenarioText("x.yaml", "test/x", text);
  EXPECT_FALSE(variants) << "loaded: " << text;
  return variants ? "" : variants.error().message;
}

// Line 1 to 2 of what follows is the header; the steps begin in line 4.
inline std::string WithSteps(const std::string& steps) {
  return "scenario: 1\ntitle: T\nsteps:\n" + steps;
}

// What line 4 to 6 of WithSteps are in most tests: one connection.
inline std::string Connected(const std::string& steps) {
  return WithSteps("  - server: listen\n  - client: connect\n  - server: accept\n" + steps);
}

inline Scenario LoadSteps(const std::string& steps) {
  return LoadFirst(WithSteps(steps));
}

template <typename T>
T StepAt(const Scenario& scenario, size_t index) {
  if (index >= scenario.steps.size() || !std::holds_alternative<T>(scenario.steps[index].what)) {
    ADD_FAILURE() << "no such step: " << index;
    return T{};
  }
  return std::get<T>(scenario.steps[index].what);
}

}  // namespace lastack

#include "rebind/plan.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/strings.h"
#include "rebind/report.h"

namespace lastack {
namespace {

constexpr int64_t kMostTimeWait = 4'000'000;  // what the hosts' tcp_max_tw_buckets allows
constexpr int64_t kOtherDescriptors = 100;
constexpr int kMostSamples = 100'000;
constexpr Duration kTwoMsl = std::chrono::seconds(70);  // a minute, and the steps of the timer

tl::unexpected<Error> Unknown(const std::string& option,
                              const std::string& word,
                              const std::vector<std::string>& known) {
  const std::string nearest = Nearest(word, known);
  return Fail(ErrorKind::kScenario,
              fmt::format("{} '{}': there is no such one", option, word),
              nearest.empty() ? "there are " + Join(known, ", ")
                              : fmt::format("did you mean '{}'?", nearest));
}

// The values of a list, each once, in the order given.
template <typename Value>
Result<std::vector<Value>> ParseList(
    const std::string& option,
    const std::string& text,
    const std::vector<std::string>& known,
    const std::function<std::optional<Value>(const std::string&)>& parse) {
  std::vector<Value> values;
  for (const std::string& word : Split(text, ',')) {
    const std::optional<Value> value = parse(word);
    if (!value) {
      return Unknown(option, word, known);
    }
    if (std::find(values.begin(), values.end(), *value) == values.end()) {
      values.push_back(*value);
    }
  }
  return values;
}

std::vector<std::string> StrategyNames() {
  std::vector<std::string> names;
  for (const Strategy& strategy : AllStrategies()) {
    names.push_back(strategy.name);
  }
  return names;
}

Result<std::vector<std::string>> ParseStrategies(const std::string& text) {
  if (text.empty()) {
    std::vector<std::string> names;
    for (const Strategy& strategy : AllStrategies()) {
      if (!strategy.waits) {
        names.push_back(strategy.name);
      }
    }
    return names;
  }
  return ParseList<std::string>("--strategy", text, StrategyNames(), [](const std::string& word) {
    return FindStrategy(word) == nullptr ? std::nullopt : std::optional<std::string>(word);
  });
}

Result<std::vector<int64_t>> ParseCounts(const std::string& text) {
  std::vector<int64_t> counts;
  for (const std::string& word : Split(text, ',')) {
    const std::optional<int64_t> count = ParseCount(word);
    if (!count) {
      return Fail(ErrorKind::kScenario,
                  fmt::format("-n '{}': not a number of connections", word),
                  "write a list such as 0,1,100,1k,10k or 1M");
    }
    counts.push_back(*count);
  }
  std::sort(counts.begin(), counts.end());
  counts.erase(std::unique(counts.begin(), counts.end()), counts.end());
  return counts;
}

// Each state with each of its numbers of connections.
Result<std::vector<std::pair<Population, int64_t>>> ParsePopulations(const RebindWishes& wishes,
                                                                     int64_t most_descriptors) {
  const auto states = ParseList<Population>(
      "--state", wishes.states, {"time-wait", "established"}, [](const std::string& word) {
        const std::optional<Population> one = PopulationFromString(word);
        return one == Population::kNothing ? std::nullopt : one;
      });
  const auto counts = ParseCounts(wishes.counts);
  if (!states || !counts) {
    return Fail(states ? counts.error() : states.error());
  }
  std::vector<std::pair<Population, int64_t>> all;
  for (const int64_t count : *counts) {
    if (count == 0) {
      all.emplace_back(Population::kNothing, 0);
    }
  }
  for (const Population state : *states) {
    const bool established = state == Population::kEstablished;
    const int64_t most = established ? most_descriptors - kOtherDescriptors : kMostTimeWait;
    for (const int64_t count : *counts) {
      if (count > most) {
        return Fail(ErrorKind::kScenario,
                    fmt::format("-n {}: at most {} connections can be {} here",
                                FormatCount(count),
                                most,
                                ToString(state)),
                    established ? "each is a descriptor: raise `ulimit -n`, or choose other "
                                  "states with --state time-wait"
                                : "");
      }
      if (count > 0) {
        all.emplace_back(state, count);
      }
    }
  }
  return all;
}

Result<Duration> ParseWithin(const RebindWishes& wishes) {
  const std::optional<Duration> within = ParseDuration(wishes.within);
  if (!within || within->count() <= 0) {
    return Fail(
        ErrorKind::kScenario,
        fmt::format("--within {}: not a duration with a unit, such as 500ms or 2s", wishes.within));
  }
  if (wishes.samples < 1 || wishes.samples > kMostSamples) {
    return Fail(ErrorKind::kScenario,
                fmt::format("--samples {}: write 1 to {}", wishes.samples, kMostSamples));
  }
  return *within;
}

// The rows of one death and family.
void AddRows(const std::vector<std::string>& strategies,
             const std::vector<std::pair<Population, int64_t>>& populations,
             const Cell& common,
             std::vector<Cell>* cells) {
  for (const std::string& name : strategies) {
    for (const auto& [state, count] : populations) {
      Cell& cell = cells->emplace_back(common);
      cell.strategy = name;
      cell.population = state;
      cell.count = static_cast<int>(count);
      if (FindStrategy(name)->waits) {
        cell.within = std::max(kTwoMsl, common.within);
      }
    }
  }
}

}  // namespace

Result<std::vector<Cell>> PlanCells(const RebindWishes& wishes, int64_t most_descriptors) {
  const auto strategies = ParseStrategies(wishes.strategies);
  const auto deaths =
      ParseList<Death>("--death", wishes.deaths, {"kill", "term", "close"}, DeathFromString);
  const auto families =
      ParseList<Listening>("--family", wishes.families, {"v4", "v6", "dual"}, ListeningFromString);
  const auto populations = ParsePopulations(wishes, most_descriptors);
  const auto within = ParseWithin(wishes);
  const std::optional<Probe> probe = ProbeFromString(wishes.probe);
  if (!probe) {
    return Unknown("--probe", wishes.probe, {"spin", "after-exit"});
  }
  for (const Error* error : {strategies ? nullptr : &strategies.error(),
                             deaths ? nullptr : &deaths.error(),
                             families ? nullptr : &families.error(),
                             populations ? nullptr : &populations.error(),
                             within ? nullptr : &within.error()}) {
    if (error != nullptr) {
      return Fail(*error);
    }
  }
  Cell cell{.samples = wishes.samples, .probe = *probe, .within = *within};
  std::vector<Cell> cells;
  for (const Listening family : *families) {
    for (const Death death : *deaths) {
      cell.listening = family;
      cell.death = death;
      AddRows(*strategies, *populations, cell, &cells);
    }
  }
  return cells;
}

std::vector<Cell> UndisturbedCells(const std::vector<Cell>& cells) {
  std::vector<Cell> undisturbed;
  for (const Cell& cell : cells) {
    if (cell.population != Population::kEstablished || cell.probe == Probe::kAfterExit ||
        FindStrategy(cell.strategy)->successor != Successor::kBinds) {
      continue;
    }
    const bool known =
        std::any_of(undisturbed.begin(), undisturbed.end(), [&cell](const Cell& one) {
          return one.count == cell.count && one.death == cell.death &&
                 one.listening == cell.listening;
        });
    if (!known) {
      undisturbed.push_back({.strategy = "reuseaddr",
                             .death = cell.death,
                             .population = Population::kEstablished,
                             .count = cell.count,
                             .listening = cell.listening,
                             .samples = cell.samples,
                             .probe = Probe::kAfterExit,
                             .within = cell.within});
    }
  }
  return undisturbed;
}

}  // namespace lastack

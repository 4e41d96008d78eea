// What `lastack rebind` has measured, as a table, as JSON (lastack.rebind/1) and as the numbers
// that both show.
//
// Pure. docs/rebind.md describes each field.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "rebind/cell.h"
#include "rebind/null_run.h"
#include "rebind/statistics.h"

namespace lastack {

enum class RowOutcome { kBack, kNotBack, kMixed, kSkipped, kError };

struct Row {
  Cell cell;
  CellResult result;
  std::string problem;  // why it was skipped or went wrong; empty: measured
  bool skipped = false;
};

struct Context {
  std::string version;
  std::string kernel;
  int64_t hz = 0;
  int64_t cores = 0;
  double load = 0;  // of the last minute, at the start
  std::string command;
};

struct RebindReport {
  Context context;
  NullRun null_run;
  // Deaths with established connections that nobody tries to succeed meanwhile: what the spin makes
  // of the exit is the difference to these.
  std::vector<Row> undisturbed;
  std::vector<Row> rows;
};

// Of the samples that were back.
struct Breakdown {
  int64_t exit_ns = 0;    // until the process was reaped, or the bind was done if that came first
  int64_t bind_ns = 0;    // from there until it listened
  int64_t accept_ns = 0;  // from there until the first octet was answered
};

[[nodiscard]] RowOutcome OutcomeOf(const Row& row);
[[nodiscard]] std::string_view ToString(RowOutcome outcome);
[[nodiscard]] std::vector<int64_t> Latencies(const Row& row);  // to the first octet answered
[[nodiscard]] std::vector<int64_t> Exits(const Row& row);      // until the process had ended
[[nodiscard]] Breakdown BreakdownOf(const Sample& sample);
[[nodiscard]] Breakdown MedianBreakdown(const Row& row);

// How a strategy's fastest comeback, which other work on the machine disturbs least, grows with the
// population. Rows without any do not count: where nothing is left some steps are not taken at all.
struct Growth {
  Cell of;  // strategy, death, population, listening
  PowerLaw law;
  double largest_n = 0;
};
[[nodiscard]] std::vector<Growth> GrowthOf(const std::vector<Row>& rows);

[[nodiscard]] std::string RebindTable(const RebindReport& report);
[[nodiscard]] nlohmann::json RebindDocument(const RebindReport& report);

// "10k", "1M", "100".
[[nodiscard]] std::string FormatCount(int64_t count);
[[nodiscard]] std::optional<int64_t> ParseCount(std::string_view text);

}  // namespace lastack

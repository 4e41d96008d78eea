// The numbers of a report, and its JSON.
#include "rebind/report.h"

#include <algorithm>
#include <charconv>
#include <tuple>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "rebind/cell_json.h"

namespace lastack {
namespace {

using nlohmann::json;

double Microseconds(int64_t ns) {
  return static_cast<double>(ns) / 1000;
}

json MicrosecondsOf(const std::optional<Percentiles>& values) {
  if (!values) {
    return nullptr;
  }
  return {{"min", Microseconds(values->min)},
          {"p50", Microseconds(values->p50)},
          {"p90", Microseconds(values->p90)},
          {"p99", Microseconds(values->p99)},
          {"max", Microseconds(values->max)}};
}

json NanosecondsOf(const std::optional<Percentiles>& values) {
  if (!values) {
    return nullptr;
  }
  return {{"min", values->min},
          {"p50", values->p50},
          {"p90", values->p90},
          {"p99", values->p99},
          {"max", values->max}};
}

json RowJson(const Row& row) {
  json raw = json::array();
  for (const Sample& sample : row.result.samples) {
    raw.push_back(ToJson(sample));
  }
  json object = {{"strategy", row.cell.strategy},
                 {"death", ToString(row.cell.death)},
                 {"family", ToString(row.cell.listening)},
                 {"state", ToString(row.cell.population)},
                 {"population", row.cell.count},
                 {"probe", ToString(row.cell.probe)},
                 {"outcome", ToString(OutcomeOf(row))},
                 {"reason", row.problem},
                 {"within_ms", static_cast<double>(row.cell.within.count()) / 1e6},
                 {"samples", row.result.samples.size()},
                 {"latency_us", MicrosecondsOf(Summarize(Latencies(row)))},
                 {"breakdown_us", nullptr},
                 {"build_ms", static_cast<double>(row.result.build_ns) / 1e6},
                 {"raw", raw}};
  if (!Latencies(row).empty()) {
    const Breakdown median = MedianBreakdown(row);
    object["breakdown_us"] = {{"exit", Microseconds(median.exit_ns)},
                              {"bind", Microseconds(median.bind_ns)},
                              {"accept", Microseconds(median.accept_ns)}};
  }
  return object;
}

json GrowthJson(const Growth& growth) {
  const bool flat = growth.law.IsFlat(growth.largest_n);
  return {{"strategy", growth.of.strategy},
          {"death", ToString(growth.of.death)},
          {"family", ToString(growth.of.listening)},
          {"state", ToString(growth.of.population)},
          {"largest", growth.largest_n},
          {"fixed_us", growth.law.fixed / 1000},
          {"factor_ns", growth.law.factor},
          {"exponent", flat || !growth.law.IsSteady() ? json() : json(growth.law.exponent)},
          {"steady", growth.law.IsSteady()},
          {"worst_deviation", growth.law.worst}};
}

auto KeyOf(const Cell& cell) {
  return std::tie(cell.strategy, cell.death, cell.population, cell.listening);
}

}  // namespace

RowOutcome OutcomeOf(const Row& row) {
  if (!row.problem.empty()) {
    return row.skipped ? RowOutcome::kSkipped : RowOutcome::kError;
  }
  const size_t back = Latencies(row).size();
  if (back == row.result.samples.size()) {
    return RowOutcome::kBack;
  }
  return back == 0 ? RowOutcome::kNotBack : RowOutcome::kMixed;
}

std::string_view ToString(RowOutcome outcome) {
  switch (outcome) {
    case RowOutcome::kBack:
      return "back";
    case RowOutcome::kNotBack:
      return "not-back";
    case RowOutcome::kMixed:
      return "mixed";
    case RowOutcome::kSkipped:
      return "skipped";
    case RowOutcome::kError:
      return "error";
  }
  return "";
}

std::vector<int64_t> Latencies(const Row& row) {
  std::vector<int64_t> latencies;
  for (const Sample& sample : row.result.samples) {
    if (sample.back && sample.answered_ns) {
      latencies.push_back(*sample.answered_ns);
    }
  }
  return latencies;
}

std::vector<int64_t> Exits(const Row& row) {
  std::vector<int64_t> exits;
  for (const Sample& sample : row.result.samples) {
    if (sample.ended_ns) {
      exits.push_back(*sample.ended_ns);
    }
  }
  return exits;
}

Breakdown BreakdownOf(const Sample& sample) {
  const int64_t answered = sample.answered_ns.value_or(0);
  const int64_t ended = std::min(sample.ended_ns.value_or(answered), answered);
  if (!sample.listening_ns) {  // nobody bound
    return {.exit_ns = ended, .bind_ns = 0, .accept_ns = answered - ended};
  }
  const int64_t exit = std::min(ended, *sample.listening_ns);
  return {.exit_ns = exit,
          .bind_ns = *sample.listening_ns - exit,
          .accept_ns = answered - *sample.listening_ns};
}

Breakdown MedianBreakdown(const Row& row) {
  std::vector<int64_t> exit;
  std::vector<int64_t> bind;
  std::vector<int64_t> accept;
  for (const Sample& sample : row.result.samples) {
    if (sample.back) {
      const Breakdown one = BreakdownOf(sample);
      exit.push_back(one.exit_ns);
      bind.push_back(one.bind_ns);
      accept.push_back(one.accept_ns);
    }
  }
  return {.exit_ns = Median(exit), .bind_ns = Median(bind), .accept_ns = Median(accept)};
}

std::vector<Growth> GrowthOf(const std::vector<Row>& rows) {
  std::vector<Growth> all;
  for (const Row& first : rows) {
    const bool known = std::any_of(all.begin(), all.end(), [&](const Growth& growth) {
      return KeyOf(growth.of) == KeyOf(first.cell);
    });
    if (known || first.cell.population == Population::kNothing) {
      continue;
    }
    std::vector<Point> points;
    double largest = 0;
    for (const Row& row : rows) {
      if (KeyOf(row.cell) == KeyOf(first.cell) && OutcomeOf(row) == RowOutcome::kBack) {
        points.push_back(
            {.n = static_cast<double>(row.cell.count),
             .ns = static_cast<double>(Summarize(Latencies(row)).value_or(Percentiles{}).min)});
        largest = std::max(largest, points.back().n);
      }
    }
    if (const std::optional<PowerLaw> law = FitPowerLaw(points)) {
      all.push_back({.of = first.cell, .law = *law, .largest_n = largest});
    }
  }
  return all;
}

json RebindDocument(const RebindReport& report) {
  json rows = json::array();
  for (const Row& row : report.rows) {
    rows.push_back(RowJson(row));
  }
  json undisturbed = json::array();
  for (const Row& row : report.undisturbed) {
    undisturbed.push_back({{"population", row.cell.count},
                           {"death", ToString(row.cell.death)},
                           {"family", ToString(row.cell.listening)},
                           {"exit_us", MicrosecondsOf(Summarize(Exits(row)))}});
  }
  json growth = json::array();
  for (const Growth& one : GrowthOf(report.rows)) {
    growth.push_back(GrowthJson(one));
  }
  const Context& context = report.context;
  return {{"schema", "lastack.rebind/1"},
          {"context",
           {{"version", context.version},
            {"kernel", context.kernel},
            {"hz", context.hz},
            {"cores", context.cores},
            {"load", context.load},
            {"command", context.command},
            {"sysctl", report.null_run.sysctl}}},
          {"null_run",
           {{"undisturbed_exit", undisturbed},
            {"period_ns", NanosecondsOf(Summarize(report.null_run.period_ns))},
            {"answered_us", MicrosecondsOf(Summarize(report.null_run.answered_ns))}}},
          {"rows", rows},
          {"growth", growth}};
}

std::string FormatCount(int64_t count) {
  if (count >= 1'000'000 && count % 1'000'000 == 0) {
    return fmt::format("{}M", count / 1'000'000);
  }
  if (count >= 1000 && count % 1000 == 0) {
    return fmt::format("{}k", count / 1000);
  }
  return std::to_string(count);
}

std::optional<int64_t> ParseCount(std::string_view text) {
  int64_t factor = 1;
  if (!text.empty() && (text.back() == 'k' || text.back() == 'M')) {
    factor = text.back() == 'k' ? 1000 : 1'000'000;
    text.remove_suffix(1);
  }
  int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  constexpr int64_t kMost = 1'000'000'000;
  if (error != std::errc{} || end != text.data() + text.size() || count < 0 || count > kMost) {
    return std::nullopt;
  }
  return count * factor;
}

}  // namespace lastack

#include "rebind/cell_json.h"

#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

namespace lastack {
namespace {

using nlohmann::json;

json OrNull(const std::optional<int64_t>& value) {
  return value ? json(*value) : json();
}

std::optional<int64_t> OptionalAt(const json& object, const char* name) {
  const json& value = object.at(name);
  return value.is_null() ? std::nullopt : std::optional<int64_t>(value.get<int64_t>());
}

Sample SampleFrom(const json& object) {
  Sample sample;
  sample.back = object.at("back");
  sample.ended_ns = OptionalAt(object, "ended_ns");
  sample.bound_ns = OptionalAt(object, "bound_ns");
  sample.listening_ns = OptionalAt(object, "listening_ns");
  sample.accepted_ns = OptionalAt(object, "accepted_ns");
  sample.answered_ns = OptionalAt(object, "answered_ns");
  sample.attempts = object.at("attempts");
  for (const json& one : object.at("errors")) {
    sample.errors.push_back({one.at("call"), one.at("error"), one.at("times")});
  }
  sample.longest_period_ns = object.at("longest_period_ns");
  const json& clients = object.at("clients");
  sample.clients = {.attempts = clients.at("attempts"),
                    .refused = clients.at("refused"),
                    .reset = clients.at("reset"),
                    .timed_out = clients.at("timed_out"),
                    .longest_gap_ns = clients.at("longest_gap_ns")};
  sample.left_before = object.at("left_before");
  sample.left = object.at("left");
  sample.destroyed = object.at("destroyed");
  return sample;
}

constexpr std::pair<ErrorKind, const char*> kKinds[] = {{ErrorKind::kScenario, "scenario"},
                                                        {ErrorKind::kUnsupported, "unsupported"},
                                                        {ErrorKind::kPermission, "permission"},
                                                        {ErrorKind::kSystem, "system"}};

Error ErrorFrom(const json& object) {
  Error error{
      .kind = ErrorKind::kSystem, .message = object.at("message"), .hint = object.at("hint")};
  for (const auto& [kind, name] : kKinds) {
    if (object.at("kind") == name) {
      error.kind = kind;
    }
  }
  return error;
}

// `read` throws what the library throws where the text is not what it expects.
template <typename Read>
auto Parse(std::string_view text, Read&& read) -> Result<decltype(read(json()))> {
  try {
    const json object = json::parse(text);
    if (object.contains("error")) {
      return Fail(ErrorFrom(object.at("error")));
    }
    return read(object);
  } catch (const json::exception& problem) {
    return Fail(
        ErrorKind::kSystem,
        std::string("lastack and lastack-rebind do not understand one another: ") + problem.what(),
        "build or install both from the same source");
  }
}

}  // namespace

json ToJson(const Cell& cell) {
  return {{"strategy", cell.strategy},
          {"death", ToString(cell.death)},
          {"state", ToString(cell.population)},
          {"population", cell.count},
          {"family", ToString(cell.listening)},
          {"samples", cell.samples},
          {"probe", ToString(cell.probe)},
          {"within_ns", cell.within.count()}};
}

json ToJson(const Sample& sample) {
  json errors = json::array();
  for (const CallError& one : sample.errors) {
    errors.push_back({{"call", one.call}, {"error", one.error}, {"times", one.times}});
  }
  return {{"back", sample.back},
          {"ended_ns", OrNull(sample.ended_ns)},
          {"bound_ns", OrNull(sample.bound_ns)},
          {"listening_ns", OrNull(sample.listening_ns)},
          {"accepted_ns", OrNull(sample.accepted_ns)},
          {"answered_ns", OrNull(sample.answered_ns)},
          {"attempts", sample.attempts},
          {"errors", errors},
          {"longest_period_ns", sample.longest_period_ns},
          {"clients",
           {{"attempts", sample.clients.attempts},
            {"refused", sample.clients.refused},
            {"reset", sample.clients.reset},
            {"timed_out", sample.clients.timed_out},
            {"longest_gap_ns", sample.clients.longest_gap_ns}}},
          {"left_before", sample.left_before},
          {"left", sample.left},
          {"destroyed", sample.destroyed}};
}

json ToJson(const CellResult& result) {
  json samples = json::array();
  for (const Sample& sample : result.samples) {
    samples.push_back(ToJson(sample));
  }
  return {{"samples", samples}, {"build_ns", result.build_ns}};
}

json ToJson(const NullRun& run) {
  return {{"period_ns", run.period_ns}, {"answered_ns", run.answered_ns}, {"sysctl", run.sysctl}};
}

json ToJson(const Error& error) {
  const char* kind = "";
  for (const auto& [value, name] : kKinds) {
    kind = value == error.kind ? name : kind;
  }
  return {{"error", {{"kind", kind}, {"message", error.message}, {"hint", error.hint}}}};
}

Result<Cell> ParseCell(std::string_view text) {
  return Parse(text, [](const json& object) {
    Cell cell;
    cell.strategy = object.at("strategy");
    cell.death = DeathFromString(object.at("death").get<std::string>()).value_or(Death::kKill);
    cell.population =
        PopulationFromString(object.at("state").get<std::string>()).value_or(Population::kNothing);
    cell.count = object.at("population");
    cell.listening =
        ListeningFromString(object.at("family").get<std::string>()).value_or(Listening::kV4);
    cell.samples = object.at("samples");
    cell.probe = ProbeFromString(object.at("probe").get<std::string>()).value_or(Probe::kSpin);
    cell.within = Duration(object.at("within_ns").get<int64_t>());
    return cell;
  });
}

Result<CellResult> ParseCellResult(std::string_view text) {
  return Parse(text, [](const json& object) {
    CellResult result;
    for (const json& sample : object.at("samples")) {
      result.samples.push_back(SampleFrom(sample));
    }
    result.build_ns = object.at("build_ns");
    return result;
  });
}

Result<NullRun> ParseNullRun(std::string_view text) {
  return Parse(text, [](const json& object) {
    NullRun run;
    run.period_ns = object.at("period_ns").get<std::vector<int64_t>>();
    run.answered_ns = object.at("answered_ns").get<std::vector<int64_t>>();
    run.sysctl = object.at("sysctl").get<std::map<std::string, std::string>>();
    return run;
  });
}

}  // namespace lastack

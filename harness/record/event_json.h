// Events as JSON lines (events.jsonl) and back; and the pieces that both protocols share:
// endpoints, samples, call results.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"
#include "record/event.h"

namespace lastack {

[[nodiscard]] nlohmann::json EndpointToJson(const Endpoint& endpoint);
[[nodiscard]] Result<Endpoint> EndpointFromJson(const nlohmann::json& json);
[[nodiscard]] nlohmann::json SampleToJson(const StateSample& sample);
[[nodiscard]] Result<StateSample> SampleFromJson(const nlohmann::json& json);
[[nodiscard]] nlohmann::json CallResultToJson(const CallResult& result);
[[nodiscard]] Result<CallResult> CallResultFromJson(const nlohmann::json& json);
[[nodiscard]] Result<WireDecided> DecisionFromJson(const nlohmann::json& json);

// One line without its newline: {"id": 7, "source": …, "clock": …, "t": …, "kind": "call_finished",
// …}.
[[nodiscard]] std::string EventToJson(const Event& event);

// The events of a whole events.jsonl. Errors name the line: "events.jsonl:12: …".
[[nodiscard]] Result<std::vector<Event>> EventsFromJsonLines(std::string_view text,
                                                             const std::string& file);

}  // namespace lastack

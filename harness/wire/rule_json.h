// Rules, and what goes with them, as JSON of lastack.wire/1: the runner writes it, the relay reads
// it.
//
// Errors: kScenario for what is missing or of the wrong type; nothing throws. A rule's place in the
// file is not passed on.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"
#include "scenario/model.h"
#include "wire/engine.h"
#include "wire/inject.h"
#include "wire/match.h"

namespace lastack {

[[nodiscard]] nlohmann::json RuleToJson(const WireRule& rule);
[[nodiscard]] Result<WireRule> RuleFromJson(const nlohmann::json& json);

// `id` and `do` are left to the caller. `inject` says what, `connection` where: its addresses, or
// nothing for the connection that began last.
[[nodiscard]] nlohmann::json InjectToJson(const Inject& inject,
                                          const std::optional<AddressPair>& connection);
[[nodiscard]] Result<InjectRequest> InjectFromJson(const nlohmann::json& json,
                                                   const HostNames& hosts);

[[nodiscard]] nlohmann::json AddressesToJson(const AddressPair& pair);  // members `a` and `b`
[[nodiscard]] Result<AddressPair> AddressesFromJson(const nlohmann::json& json);

// The event, and the segment in it.
[[nodiscard]] nlohmann::json DecisionToJson(const Decision& decision, const HostNames& hosts);
[[nodiscard]] nlohmann::json DecidedSegmentToJson(const Decision& decision);

}  // namespace lastack

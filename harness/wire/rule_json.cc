// Reading and writing the members of rules, one by one.
#include "wire/rule_json.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace lastack {
namespace {

using nlohmann::json;

template <typename T>
std::optional<T> Optional(const json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() ? std::nullopt : std::optional<T>(found->get<T>());
}

json ToJson(const Range<int64_t>& range) {
  return {range.min, range.max};
}

std::optional<Range<int64_t>> RangeFrom(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) {
    return std::nullopt;
  }
  return Range<int64_t>{found->at(0).get<int64_t>(), found->at(1).get<int64_t>()};
}

json ToJson(const SegmentMatch& match) {
  json members = json::object();
  if (!match.from.empty()) {
    members["from"] = match.from;
  }
  if (!match.flags.empty()) {
    members["flags"] = match.flags;
  }
  if (match.only) {
    members["only"] = true;
  }
  if (match.nth) {
    members["nth"] = ToJson(*match.nth);
  }
  if (match.has_bytes) {
    members["bytes"] = *match.has_bytes ? "some" : "none";
  }
  if (match.seq) {
    members["seq"] = ToJson(*match.seq);
  }
  if (!match.connection.empty()) {
    members["connection"] = match.connection;
  }
  return members;
}

// Throws json::exception, as all of these below do; the public functions turn it into an Error.
SegmentMatch MatchFrom(const json& members) {
  SegmentMatch match;
  match.from = members.value("from", "");
  match.flags = members.value("flags", "");
  match.only = members.value("only", false);
  match.nth = RangeFrom(members, "nth");
  if (const auto bytes = Optional<std::string>(members, "bytes")) {
    match.has_bytes = *bytes == "some";
  }
  match.seq = RangeFrom(members, "seq");
  match.connection = members.value("connection", "");
  return match;
}

const char* ActionName(WireAction action) {
  switch (action) {
    case WireAction::kDrop:
      return "drop";
    case WireAction::kHold:
      return "hold";
    case WireAction::kDuplicate:
      return "duplicate";
  }
  return "";
}

std::optional<WireAction> ActionFrom(const std::string& name) {
  for (const WireAction action : {WireAction::kDrop, WireAction::kHold, WireAction::kDuplicate}) {
    if (name == ActionName(action)) {
      return action;
    }
  }
  return std::nullopt;
}

json UntilToJson(const WireRule& rule) {
  json until = json::object();
  if (rule.sees) {
    until["sees"] = ToJson(*rule.sees);
  }
  if (rule.behind) {
    until["behind"] = true;
  }
  if (rule.step) {
    until["step"] = *rule.step;
  }
  if (rule.after) {
    until["after"] = rule.after->count();
  }
  return until;
}

void ReadUntil(const json& until, WireRule* rule) {
  if (const auto sees = until.find("sees"); sees != until.end()) {
    rule->sees = MatchFrom(*sees);
  }
  rule->behind = until.value("behind", false);
  rule->step = Optional<int>(until, "step");
  if (const auto after = Optional<int64_t>(until, "after")) {
    rule->after = Duration(*after);
  }
}

json ToJson(const SequenceChoice& choice) {
  return {{"next", choice.next}, {"offset", choice.offset}};
}

SequenceChoice ChoiceFrom(const json& object, const char* key) {
  const json members = object.value(key, json::object());
  return {.next = members.value("next", true), .offset = members.value("offset", int64_t{0})};
}

json ToJson(const SocketAddress& address) {
  return json::array({address.address, address.port});
}

SocketAddress AddressFrom(const json& pair) {
  return {pair.at(0).get<std::string>(), pair.at(1).get<uint16_t>()};
}

tl::unexpected<Error> Malformed(const std::string& what) {
  return Fail(ErrorKind::kScenario, "malformed request: " + what);
}

}  // namespace

json RuleToJson(const WireRule& rule) {
  json members = {
      {"name", rule.name}, {"do", ActionName(rule.action)}, {"match", ToJson(rule.match)}};
  if (rule.action == WireAction::kHold) {
    members["until"] = UntilToJson(rule);
  }
  return members;
}

Result<WireRule> RuleFromJson(const json& json) {
  try {
    WireRule rule;
    rule.name = json.at("name").get<std::string>();
    const std::optional<WireAction> action = ActionFrom(json.at("do").get<std::string>());
    if (!action) {
      return Malformed("a rule cannot do " + json.at("do").get<std::string>());
    }
    rule.action = *action;
    rule.match = MatchFrom(json.at("match"));
    if (rule.action == WireAction::kHold) {
      ReadUntil(json.at("until"), &rule);
    }
    return rule;
  } catch (const nlohmann::json::exception& problem) {
    return Malformed(problem.what());
  }
}

json AddressesToJson(const AddressPair& pair) {
  return {{"a", ToJson(pair.a)}, {"b", ToJson(pair.b)}};
}

Result<AddressPair> AddressesFromJson(const json& json) {
  try {
    return AddressPair{AddressFrom(json.at("a")), AddressFrom(json.at("b"))};
  } catch (const nlohmann::json::exception& problem) {
    return Malformed(problem.what());
  }
}

json InjectToJson(const Inject& inject, const std::optional<AddressPair>& connection) {
  json members = {{"from", inject.from}};
  if (connection) {
    members["connection"] = AddressesToJson(*connection);
  }
  if (!inject.icmp.empty()) {
    members["icmp"] = inject.icmp;
    return members;
  }
  members["flags"] = inject.flags;
  members["seq"] = ToJson(inject.seq);
  members["ack"] = ToJson(inject.ack);
  members["bytes"] = inject.bytes;
  return members;
}

Result<InjectRequest> InjectFromJson(const json& json, const HostNames& hosts) {
  try {
    InjectRequest request;
    const Result<size_t> from = HostNumber(hosts, json.at("from").get<std::string>());
    if (!from) {
      return Fail(from.error());
    }
    request.from = *from;
    if (const auto connection = json.find("connection"); connection != json.end()) {
      Result<AddressPair> pair = AddressesFromJson(*connection);
      if (!pair) {
        return Fail(pair.error());
      }
      request.connection = std::move(*pair);
    }
    request.icmp = json.value("icmp", "");
    const std::optional<Flags> flags = ParseFlags(json.value("flags", ""));
    if (!flags) {
      return Malformed("there are no flags " + json.value("flags", ""));
    }
    request.flags = *flags;
    request.seq = ChoiceFrom(json, "seq");
    request.ack = ChoiceFrom(json, "ack");
    request.bytes = json.value("bytes", int64_t{0});
    return request;
  } catch (const nlohmann::json::exception& problem) {
    return Malformed(problem.what());
  }
}

json DecidedSegmentToJson(const Decision& decision) {
  const Segment& segment = decision.segment;
  return {{"source", ToJson(segment.source)},
          {"destination", ToJson(segment.destination)},
          {"seq", segment.seg_seq},
          {"ack", segment.seg_ack},
          {"flags", decision.icmp.empty() ? ToString(segment.flags) : "ICMP " + decision.icmp},
          {"len", segment.seg_len}};
}

json DecisionToJson(const Decision& decision, const HostNames& hosts) {
  return {{"event", "decision"},
          {"t", decision.t_ns},
          {"rule", decision.rule},
          {"what", ToString(decision.what)},
          {"from", hosts.at(decision.from)},
          {"segment", DecidedSegmentToJson(decision)}};
}

}  // namespace lastack

#include "run/wire.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include <nlohmann/json.hpp>

#include "base/overloaded.h"
#include "run/requests.h"
#include "wire/rule_json.h"

namespace lastack {
namespace {

using nlohmann::json;

constexpr Duration kAnswerWithin = std::chrono::seconds(10);

Result<json> Ask(RunContext* run, json request) {
  return run->session->Ask(std::string(kWireName), std::move(request), kAnswerWithin);
}

Status Tell(RunContext* run, json request) {
  const auto ok = Ask(run, std::move(request));
  return ok ? Status() : Fail(ok.error());
}

bool WaitsForStep(const Scenario& scenario) {
  const auto rules = AllRules(scenario);
  return std::any_of(
      rules.begin(), rules.end(), [](const WireRule* rule) { return rule->step.has_value(); });
}

std::set<std::string> ConnectionsInRules(const Scenario& scenario) {
  std::set<std::string> names;
  for (const WireRule* rule : AllRules(scenario)) {
    names.insert(rule->match.connection);
    if (rule->sees) {
      names.insert(rule->sees->connection);
    }
  }
  names.erase("");
  return names;
}

// The addresses of an endpoint, as far as they are known; nothing if it has no peer yet.
std::optional<AddressPair> AddressesOf(RunContext* run, const std::string& endpoint) {
  run->learned = run->book.Learn(*run->scenario, run->recorder->evidence().events, run->learned);
  const KnownEndpoint* known = run->book.Find(endpoint);
  if (known == nullptr || !known->endpoint.remote) {
    return std::nullopt;
  }
  return AddressPair{Unmapped(known->endpoint.local), Unmapped(*known->endpoint.remote)};
}

std::string Describe(const WireStep& step) {
  return std::visit(Overloaded{[](const AddRule& add) { return "add " + add.rule.name; },
                               [](const RemoveRule& remove) { return "remove " + remove.name; },
                               [](const ReleaseRule& release) { return "release " + release.name; },
                               [](const CutLink&) { return std::string("cut"); },
                               [](const MendLink&) { return std::string("mend"); },
                               [](const Inject&) { return std::string("inject"); }},
                    step.what);
}

json Request(RunContext* run, const WireStep& step) {
  return std::visit(
      Overloaded{[](const AddRule& add) {
                   return json{{"do", "add"}, {"rules", json::array({RuleToJson(add.rule)})}};
                 },
                 [](const RemoveRule& remove) {
                   return json{{"do", "remove"}, {"name", remove.name}};
                 },
                 [](const ReleaseRule& release) {
                   return json{{"do", "release"}, {"name", release.name}};
                 },
                 [](const CutLink&) {
                   return json{{"do", "cut"}};
                 },
                 [](const MendLink&) {
                   return json{{"do", "mend"}};
                 },
                 [&](const Inject& inject) {
                   json request = InjectToJson(inject, AddressesOf(run, inject.connection));
                   request["do"] = "inject";
                   return request;
                 }},
      step.what);
}

}  // namespace

Status BeginWire(RunContext* run) {
  const Scenario& scenario = *run->scenario;
  if (!scenario.wire) {
    return {};
  }
  if (scenario.link_delay.count() > 0) {
    if (Status told = Tell(run, {{"do", "delay"}, {"by", scenario.link_delay.count()}}); !told) {
      return told;
    }
  }
  if (scenario.rules.empty()) {
    return {};
  }
  json rules = json::array();
  for (const WireRule& rule : scenario.rules) {
    rules.push_back(RuleToJson(rule));
  }
  return Tell(run, {{"do", "add"}, {"rules", std::move(rules)}});
}

Status TellWire(RunContext* run, int step) {
  if (!run->scenario->wire) {
    return {};
  }
  for (const std::string& name : ConnectionsInRules(*run->scenario)) {
    const std::optional<AddressPair> pair = AddressesOf(run, name);
    if (!pair || !run->named_on_wire.insert(name).second) {
      continue;
    }
    json request = AddressesToJson(*pair);
    request["do"] = "connection";
    request["name"] = name;
    if (Status told = Tell(run, std::move(request)); !told) {
      return told;
    }
  }
  return WaitsForStep(*run->scenario) ? Tell(run, {{"do", "step"}, {"step", step}}) : Status();
}

Result<bool> DoWire(RunContext* run, const WireStep& step) {
  run->recorder->Add(WireChanged{run->step, Describe(step)});
  const Status told = Tell(run, Request(run, step));
  return told ? Result<bool>(true) : Fail(told.error());
}

Status CutWire(RunContext* run) {
  return Tell(run, {{"do", "cut"}});
}

Status MendWire(RunContext* run) {
  return Tell(run, {{"do", "mend"}});
}

Status AttachToWire(RunContext* run, const std::string& host, const std::string& interface) {
  return Tell(run, {{"do", "attach"}, {"host", host}, {"interface", interface}});
}

Status EndWire(RunContext* run) {
  if (!run->scenario->wire) {
    return {};
  }
  const auto ok = Ask(run, {{"do", "report"}});
  if (!ok) {
    return Fail(ok.error());
  }
  run->recorder->Add(WireClosed{.rules = ok->value("rules", std::map<std::string, int64_t>{}),
                                .forwarded = ok->value("forwarded", int64_t{0}),
                                .missed = ok->value("missed", int64_t{0})});
  return {};
}

}  // namespace lastack

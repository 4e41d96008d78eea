// Binds the parts of a scenario that are not steps, and walks the steps.
#include "scenario/bind.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/family.h"
#include "scenario/bind_parts.h"

namespace lastack {
namespace {

ClaimRef BindClaim(const Node& node, Problems& problems) {
  const MapReader reader(problems, node, ClaimRefKeys());
  ClaimRef claim;
  if (const Node* id = reader.Get("id")) {
    claim.id = ReadName(*id, problems);
    claim.place = id->place;
  }
  if (const Node* shows = reader.Get("shows")) {
    claim.confirms =
        ReadWord(*shows, "value of 'shows'", {"confirms", "refutes"}, problems) == "confirms";
  }
  if (const Node* when = reader.Get("when")) {
    claim.when = ReadText(*when, problems);
  }
  return claim;
}

void BindVersion(const Node& node, Problems& problems) {
  if (ReadText(node, problems) != "1") {
    problems.Add(node.place,
                 fmt::format("scenario format '{}' is not known; this is 1", node.text));
  }
}

void BindNeeds(const Node& node, Scenario& scenario, Problems& problems) {
  if (!node.IsSequence()) {
    problems.Add(node.place, "'needs' is a list");
  }
  for (const Node& item : node.items) {
    scenario.needs.push_back(ReadWord(item, "capability", CapabilityNames(), problems));
  }
}

void BindHeader(const MapReader& reader, Scenario& scenario, Problems& problems) {
  if (const Node* version = reader.Get("scenario")) {
    BindVersion(*version, problems);
    scenario.place = version->place;
  }
  if (const Node* title = reader.Get("title")) {
    scenario.title = ReadText(*title, problems);
  }
  if (const Node* about = reader.Get("about")) {
    scenario.about = ReadText(*about, problems);
  }
  if (const Node* refs = reader.Get("refs")) {
    scenario.refs = ReadTexts(*refs, problems);
  }
  if (const Node* labels = reader.Get("labels")) {
    scenario.labels = ReadTexts(*labels, problems);
  }
  if (const Node* needs = reader.Get("needs")) {
    BindNeeds(*needs, scenario, problems);
  }
  if (const Node* claims = reader.Get("claims")) {
    if (!claims->IsSequence()) {
      problems.Add(claims->place, "'claims' is a list of {id: …, shows: confirms}");
    }
    for (const Node& item : claims->items) {
      scenario.claims.push_back(BindClaim(item, problems));
    }
  }
}

void BindSteps(Binding& binding, const Node& steps) {
  if (!steps.IsSequence() || steps.items.empty()) {
    binding.problems.Add(steps.place, "'steps' is a list of steps");
  }
  for (const Node& item : steps.items) {
    if (binding.problems.any()) {
      return;
    }
    ++binding.step_number;
    binding.scenario.steps.push_back(BindStep(binding, item));
  }
}

bool NeedsWire(const Step& step) {
  const auto* host = std::get_if<HostStep>(&step.what);
  const bool lost = host != nullptr &&
                    (host->action == HostAction::kReboot || host->action == HostAction::kVanish);
  return lost || std::holds_alternative<WireStep>(step.what);
}

void Need(Scenario& scenario, const std::string& capability) {
  auto& needs = scenario.needs;
  if (std::find(needs.begin(), needs.end(), capability) == needs.end()) {
    needs.push_back(capability);
  }
}

bool NamesUser(const Scenario& scenario) {
  const auto has_user = [](const auto& item) { return !item.user.empty(); };
  return std::any_of(scenario.hosts.begin(), scenario.hosts.end(), has_user) ||
         std::any_of(scenario.peers.begin(), scenario.peers.end(), has_user) ||
         std::any_of(scenario.steps.begin(), scenario.steps.end(), [](const Step& step) {
           const auto* rebind = std::get_if<RebindStep>(&step.what);
           return rebind != nullptr && !rebind->user.empty();
         });
}

// What follows from the steps need not be written under `needs`.
void AddImpliedNeeds(Scenario& scenario) {
  const bool ipv6 = std::any_of(scenario.endpoints.begin(),
                                scenario.endpoints.end(),
                                [](const auto& e) { return e.family != Family::kV4; });
  if (ipv6 || scenario.family != Family::kV4) {
    Need(scenario, "ipv6");
  }
  if (NamesUser(scenario)) {
    Need(scenario, "two-users");
  }
  if (std::any_of(scenario.steps.begin(), scenario.steps.end(), [](const Step& step) {
        return std::holds_alternative<DestroyStep>(step.what);
      })) {
    Need(scenario, "sock-destroy");
  }
}

}  // namespace

Family FamilyOf(const Labels& labels) {
  for (const auto& [name, label] : labels) {
    if (name == "family") {
      return FamilyFromString(label).value_or(Family::kV4);
    }
  }
  return Family::kV4;
}

Scenario BindScenario(const Node& root,
                      const std::string& file,
                      const std::string& id,
                      const Labels& labels,
                      Problems& problems) {
  Scenario scenario;
  scenario.id = id;
  scenario.file = file;
  scenario.matrix = labels;
  scenario.family = FamilyOf(labels);
  if (!root.IsMap()) {
    problems.Add(root.place, "a scenario is a mapping that begins with 'scenario: 1'");
    return scenario;
  }
  const MapReader reader(problems, root, ScenarioKeys());
  BindHeader(reader, scenario, problems);
  BindHosts(root, scenario, problems);
  Binding binding{problems, scenario, Endpoints(scenario, problems)};
  const Node* steps = reader.Get("steps");
  if (steps != nullptr && !problems.any()) {
    binding.step_count = static_cast<int64_t>(steps->items.size());
    BindLink(binding, reader);
    BindSteps(binding, *steps);
    scenario.endpoints = binding.endpoints.Decls();
    scenario.wire |= std::any_of(scenario.steps.begin(), scenario.steps.end(), NeedsWire);
    CheckLaterNames(binding);
  }
  if (const Node* expect = reader.Get("expect"); expect != nullptr && !problems.any()) {
    BindExpect(binding, *expect);
  }
  AddImpliedNeeds(scenario);
  return scenario;
}

}  // namespace lastack

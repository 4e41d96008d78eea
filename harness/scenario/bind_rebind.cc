// Binds `rebind`: where, with what, and what is expected.
#include <fmt/format.h>

#include "scenario/bind_option.h"
#include "scenario/bind_outcome.h"
#include "scenario/bind_parts.h"

namespace lastack {
namespace {

// The host named, or that of `on`.
void BindRebindHost(Binding& binding,
                    const MapReader& reader,
                    const Place& place,
                    RebindStep* step) {
  if (const Node* on = reader.Get("on")) {
    step->on = ReadEndpoint(binding, *on);
    if (!step->on.empty()) {
      step->host = binding.endpoints.Decl(step->on).host;
    }
  }
  if (const Node* host = reader.Get("host")) {
    const std::string name = ReadHost(binding, *host);
    if (!step->host.empty() && step->host != name) {
      binding.problems.Add(host->place,
                           fmt::format("endpoint '{}' is on host '{}'", step->on, step->host));
    }
    step->host = name;
  }
  if (step->host.empty()) {
    binding.problems.Add(place, "'rebind' needs the key 'host' or 'on'");
  }
  binding.endpoints.CheckHostKept(step->host, place);
}

// Where the endpoint of `on` is; a listener's port is known, a connection's is left to the run.
Destination PlaceOfEndpoint(Binding& binding, RebindStep* step) {
  const EndpointDecl& decl = binding.endpoints.Decl(step->on);
  const auto& local = binding.endpoints.Local(step->on);
  step->family = decl.family;
  if (decl.kind != EndpointDecl::Kind::kConnection) {
    step->on.clear();
    return local.value_or(Destination{{step->host, "any"}, kDefaultPort});
  }
  const bool chosen = local && !local->address.name.starts_with("any");
  return {{step->host, chosen ? local->address.name : "own"}, 0};
}

void BindRebindLocal(Binding& binding, const MapReader& reader, RebindStep* step) {
  step->family = binding.scenario.family;
  Destination otherwise{{step->host, "any"}, kDefaultPort};
  if (!step->on.empty()) {
    otherwise = PlaceOfEndpoint(binding, step);
  } else if (const auto latest = binding.endpoints.LatestListener(step->host)) {
    otherwise = latest->first;
    step->family = latest->second;
  }
  step->local = ReadAddressAndPort(reader, step->host, otherwise, binding.problems);
  if (reader.Has("address")) {
    step->family = FamilyOfAddress(step->local.address.name, binding.scenario.family);
  }
  if (reader.Has("port")) {
    step->on.clear();
  }
}

}  // namespace

RebindStep BindRebind(Binding& binding, const Node& node, const Place& place) {
  const MapReader reader(binding.problems, node, RebindKeys());
  RebindStep step;
  BindRebindHost(binding, reader, place, &step);
  if (!binding.problems.any()) {
    BindRebindLocal(binding, reader, &step);
  }
  if (const Node* options = reader.Get("options")) {
    step.options = ReadOptions(*options, binding.problems);
  }
  if (const Node* user = reader.Get("user")) {
    step.user = ReadText(*user, binding.problems);
  }
  if (const Node* until = reader.Get("until")) {
    step.until_ok = ReadWord(*until, "value of 'until'", {"ok"}, binding.problems) == "ok";
  }
  step.expected = ReadExpected(reader, place, {}, binding.problems);
  const Duration longest = step.expected.took ? step.expected.took->max : Duration{};
  if (const Node* async = reader.Get("async")) {
    step.async = ReadAsync(binding, *async);
  }
  step.within = ReadWithin(reader, std::chrono::seconds(5), longest, binding.problems);
  return step;
}

}  // namespace lastack

// Words of the model and look-ups in it.
#include "scenario/model.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/overloaded.h"
#include "base/strings.h"

namespace lastack {
namespace {

std::string RangeText(const Range<int64_t>& range) {
  return range.min == range.max ? fmt::format("{}", range.min)
                                : fmt::format("{}..{}", range.min, range.max);
}

std::string CountsText(const Counts& counts) {
  std::vector<std::string> parts;
  for (const auto& [how, count] : counts.of) {
    parts.push_back(fmt::format("{}: {}", how, RangeText(count)));
  }
  return fmt::format("{{{}}}", Join(parts, ", "));
}

template <typename T>
const T* FindByName(const std::vector<T>& all, std::string_view name) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const T& item) { return item.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

const std::vector<std::string>& AddressNames() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names;
    for (const char* role : {"own", "own2", "any", "loopback"}) {
      for (const char* family : {"", "4", "6"}) {
        names.push_back(std::string(role) + family);
      }
    }
    return names;
  }();
  return kNames;
}

const std::vector<std::string>& CapabilityNames() {
  static const std::vector<std::string> kNames = {
      "root", "two-users", "namespaces", "ipv6", "sock-destroy", "bpf"};
  return kNames;
}

std::string ToString(const Outcome& outcome) {
  return std::visit(Overloaded{
                        [](const Success&) { return std::string("success"); },
                        [](const Value& value) { return RangeText(value.range); },
                        [](const ErrnoIs& is) { return is.name; },
                        [](const Eof&) { return std::string("eof"); },
                        [](const Killed&) { return std::string("killed"); },
                        [](const Events& events) {
                          return events.names.empty()
                                     ? std::string("timeout")
                                     : fmt::format("[{}]", Join(events.names, ", "));
                        },
                        [](const Counts& counts) { return CountsText(counts); },
                    },
                    outcome);
}

std::string_view ToString(Call call) {
  constexpr std::array<std::string_view, 16> kNames = {"bind",
                                                       "listen",
                                                       "connect",
                                                       "accept",
                                                       "poll",
                                                       "send",
                                                       "recv",
                                                       "shutdown",
                                                       "close",
                                                       "disconnect",
                                                       "set",
                                                       "get",
                                                       "dup",
                                                       "fork",
                                                       "pass",
                                                       "exit"};
  return kNames[static_cast<size_t>(call)];
}

const HostSpec* FindHost(const Scenario& scenario, std::string_view name) {
  return FindByName(scenario.hosts, name);
}

const PeerSpec* FindPeer(const Scenario& scenario, std::string_view name) {
  return FindByName(scenario.peers, name);
}

const EndpointDecl* FindEndpoint(const Scenario& scenario, std::string_view name) {
  return FindByName(scenario.endpoints, name);
}

std::string OtherHost(const Scenario& scenario, const std::string& host) {
  for (const HostSpec& other : scenario.hosts) {
    if (other.name != host) {
      return other.name;
    }
  }
  return host;
}

std::vector<const WireRule*> AllRules(const Scenario& scenario) {
  std::vector<const WireRule*> rules;
  for (const WireRule& rule : scenario.rules) {
    rules.push_back(&rule);
  }
  for (const Step& step : scenario.steps) {
    const auto* wire = std::get_if<WireStep>(&step.what);
    if (const auto* add = wire == nullptr ? nullptr : std::get_if<AddRule>(&wire->what)) {
      rules.push_back(&add->rule);
    }
  }
  return rules;
}

}  // namespace lastack

// What this machine and this user can do: the capabilities that a scenario's `needs` names
// (CapabilityNames() in scenario/model.h) and `doctor` prints.
#pragma once

#include <string>
#include <vector>

namespace lastack {

struct Capability {
  std::string name;  // "root", "two-users", "namespaces", "ipv6", "sock-destroy", "bpf" …
  bool available = false;
  std::string what;       // what it is for, one line
  std::string why;        // if not available: why
  std::string hint;       // if not available: what to do
  bool required = false;  // without it nothing runs
};

// Probes all of them (each in a throw-away namespace where it needs one). Takes a few milliseconds.
// Call after EnterUserNamespaceIfNeeded.
[[nodiscard]] std::vector<Capability> ProbeCapabilities();

}  // namespace lastack

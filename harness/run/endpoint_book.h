// Which endpoints have come to be, and at which host: what the kernel witness can be asked about.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "record/event.h"
#include "scenario/model.h"
#include "tcp/endpoint.h"

namespace lastack {

struct KnownEndpoint {
  Endpoint endpoint;
  std::string host;
  bool superseded =
      false;  // a younger endpoint has the same addresses, so the kernel no longer has this one
};

class EndpointBook {
 public:
  // Takes over what events from `from` on say; returns where to go on.
  [[nodiscard]] size_t Learn(const Scenario& scenario,
                             const std::vector<Event>& events,
                             size_t from);

  // Adds an endpoint whose addresses are known before its call returns. It supersedes nobody: the
  // call may fail.
  void Expect(const std::string& host, const Endpoint& endpoint);

  // Adds one that exists.
  void Add(const std::string& host, const Endpoint& endpoint);

  // Null if no endpoint of that name has come to be.
  [[nodiscard]] const KnownEndpoint* Find(const std::string& name) const;

 private:
  std::map<std::string, KnownEndpoint> known_;
  std::map<std::pair<std::string, std::string>, std::string> owner_;  // host, addresses → name
};

}  // namespace lastack

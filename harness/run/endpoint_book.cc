#include "run/endpoint_book.h"

#include <variant>

namespace lastack {

size_t EndpointBook::Learn(const Scenario& scenario,
                           const std::vector<Event>& events,
                           size_t from) {
  for (; from < events.size(); ++from) {
    const auto* finished = std::get_if<CallFinished>(&events[from].data);
    const PeerSpec* peer = finished == nullptr ? nullptr : FindPeer(scenario, finished->peer);
    if (peer == nullptr) {
      continue;
    }
    for (const CallResult& result : finished->results) {
      if (result.socket) {
        Endpoint endpoint = *result.socket;
        endpoint.name = result.name;
        Add(peer->host, endpoint);
      }
    }
  }
  return from;
}

void EndpointBook::Expect(const std::string& host, const Endpoint& endpoint) {
  known_[endpoint.name] = {endpoint, host, false};
}

void EndpointBook::Add(const std::string& host, const Endpoint& endpoint) {
  if (endpoint.remote) {
    std::string& owner =
        owner_[{host, ToString(Unmapped(endpoint.local)) + ToString(Unmapped(*endpoint.remote))}];
    const auto former = known_.find(owner);
    const bool another_socket = former != known_.end() && former->first != endpoint.name &&
                                former->second.endpoint.cookie != endpoint.cookie;
    if (another_socket) {
      former->second.superseded = true;
    }
    owner = endpoint.name;
  }
  known_[endpoint.name] = {endpoint, host, false};
}

const KnownEndpoint* EndpointBook::Find(const std::string& name) const {
  const auto found = known_.find(name);
  return found == known_.end() ? nullptr : &found->second;
}

}  // namespace lastack

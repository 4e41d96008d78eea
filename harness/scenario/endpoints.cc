// What steps do to the endpoints of a scenario; see endpoints.h.
#include "scenario/endpoints.h"

#include <algorithm>

#include <fmt/format.h>

namespace lastack {
std::string_view Endpoints::KindText(Kind kind) {
  switch (kind) {
    case Kind::kListener:
      return "listener";
    case Kind::kBound:
      return "bound socket";
    case Kind::kConnection:
      return "connection";
  }
  return "";
}

bool Endpoints::Item::OpenAt(const std::string& peer) const {
  const auto hold = holds.find(peer);
  return hold != holds.end() && hold->second.open;
}

bool Endpoints::Item::OpenAnywhere() const {
  return std::any_of(holds.begin(), holds.end(), [](const auto& h) { return h.second.open; });
}

void Endpoints::Make(const Made& made, const Place& place) {
  const PeerSpec* peer = FindPeer(scenario_, made.peer);
  const std::string host = peer == nullptr ? "" : peer->host;
  const auto [found, is_new] = index_.try_emplace(made.name, items_.size());
  if (is_new) {
    items_.push_back({});
    items_.back().decl = {made.name, made.peer, host, made.kind, made.family};
  }
  Item& item = items_[found->second];
  if (!is_new && item.OpenAnywhere() && !item.failed) {
    problems_.Add(
        place,
        fmt::format("endpoint '{}' is already in use (line {}); name the new one with 'as'",
                    made.name,
                    item.made.line));
  }
  if (!is_new && item.decl.kind != made.kind) {
    problems_.Add(place,
                  fmt::format("'{}' was a {} (line {}) and cannot name a {} now",
                              made.name,
                              KindText(item.decl.kind),
                              item.made.line,
                              KindText(made.kind)));
  }
  item.holds = {{made.peer, Hold{}}};
  item.local = made.local;
  item.failed = made.failed;
  item.made = place;
  item.lost.reset();
  if (made.kind == Kind::kListener && made.local) {
    listened_[host] = {*made.local, made.family};
  }
}

void Endpoints::Become(const std::string& name, Kind kind) {
  Item& item = items_[index_.at(name)];
  item.decl.kind = kind;
  if (kind == Kind::kListener && item.local) {
    listened_[item.decl.host] = {*item.local, item.decl.family};
  }
}

void Endpoints::Close(const std::vector<std::string>& names,
                      const std::string& peer,
                      const Place& place) {
  for (const std::string& name : names) {
    if (const auto found = index_.find(name); found != index_.end()) {
      items_[found->second].holds[peer] = {false, place};
    }
  }
}

void Endpoints::Fork(const std::string& parent, const std::string& child) {
  used_.insert(child);
  for (Item& item : items_) {
    if (item.OpenAt(parent)) {
      item.holds[child] = Hold{};
    }
  }
}

void Endpoints::Pass(const std::string& name, const std::string& to, const Place& place) {
  const auto found = index_.find(name);
  if (found == index_.end()) {
    return;
  }
  Item& item = items_[found->second];
  if (item.OpenAt(to)) {
    problems_.Add(place, fmt::format("peer '{}' holds '{}' already", to, name));
  }
  item.holds[to] = Hold{};
}

void Endpoints::EndPeer(const std::string& peer, const Place& place) {
  ended_.try_emplace(peer, place);
  Close(OpenAt(peer, std::nullopt), peer, place);
}

void Endpoints::LoseHost(const std::string& host, HostAction how, const Place& place) {
  const Loss loss{how, place};
  for (const PeerSpec& peer : scenario_.peers) {
    const bool runs = how == HostAction::kVanish || used_.contains(peer.name);
    if (peer.host == host && runs && !ended_.contains(peer.name)) {
      ended_with_host_[peer.name] = loss;
      EndPeer(peer.name, place);
    }
  }
  for (Item& item : items_) {
    if (item.decl.host == host && !item.lost) {
      item.lost = loss;
    }
  }
  if (how == HostAction::kVanish) {
    vanished_.try_emplace(host, loss);
  }
}

}  // namespace lastack

// Follows which endpoints exist; see endpoints.h.
#include "scenario/endpoints.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/strings.h"

namespace lastack {
namespace {

bool IsGlob(std::string_view text) {
  return text.find_first_of("*?") != std::string_view::npos;
}

// As few as a reader can take in; the rest is counted.
std::string List(const std::vector<std::string>& names) {
  constexpr size_t kShown = 8;
  if (names.empty()) {
    return "none";
  }
  if (names.size() <= kShown) {
    return Join(names, ", ");
  }
  return fmt::format("{} … and {} more",
                     Join({names.begin(), names.begin() + kShown}, ", "),
                     names.size() - kShown);
}

std::string_view KindText(Endpoints::Kind kind) {
  switch (kind) {
    case Endpoints::Kind::kListener:
      return "listener";
    case Endpoints::Kind::kBound:
      return "bound socket";
    case Endpoints::Kind::kConnection:
      return "connection";
  }
  return "";
}

}  // namespace

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

void Endpoints::CheckAlive(const std::string& peer, const Place& place) {
  if (const auto ended = ended_.find(peer); ended != ended_.end()) {
    problems_.Add(place,
                  fmt::format("peer '{}' has ended (line {}); declare another one under 'peers'",
                              peer,
                              ended->second.line));
  }
}

std::vector<std::string> Endpoints::OpenAt(const std::string& peer,
                                           std::optional<Kind> kind) const {
  std::vector<std::string> names;
  for (const Item& item : items_) {
    if (item.OpenAt(peer) && (!kind || item.decl.kind == *kind)) {
      names.push_back(item.decl.name);
    }
  }
  return names;
}

std::vector<std::string> Endpoints::Names() const {
  std::vector<std::string> names;
  for (const Item& item : items_) {
    names.push_back(item.decl.name);
  }
  return names;
}

std::vector<std::string> Endpoints::Held(const Node& reference, const std::string& peer) {
  std::vector<std::string> names;
  if (reference.IsSequence()) {
    for (const Node& item : reference.items) {
      AddHeld(item, peer, &names);
    }
  } else {
    AddHeld(reference, peer, &names);
  }
  if (names.empty()) {
    problems_.Add(reference.place, "an endpoint is wanted here");
  }
  return names;
}

std::string Endpoints::OneHeld(const Node& reference, const std::string& peer) {
  const std::vector<std::string> names = Held(reference, peer);
  if (names.size() > 1) {
    problems_.Add(
        reference.place,
        fmt::format("one endpoint is wanted here, not {}: {}", names.size(), List(names)));
  }
  return names.empty() ? std::string() : names.front();
}

void Endpoints::AddHeld(const Node& reference,
                        const std::string& peer,
                        std::vector<std::string>* names) {
  if (!reference.IsScalar()) {
    problems_.Add(reference.place,
                  fmt::format("an endpoint's name is wanted here, not {}", KindName(reference)));
    return;
  }
  if (!IsGlob(reference.text)) {
    CheckHeld(reference.text, peer, reference.place);
    names->push_back(reference.text);
    return;
  }
  const size_t before = names->size();
  const auto open = OpenAt(peer, std::nullopt);
  std::copy_if(open.begin(), open.end(), std::back_inserter(*names), [&](const auto& name) {
    return GlobMatch(reference.text, name);
  });
  if (names->size() == before) {
    problems_.Add(reference.place,
                  fmt::format("'{}' matches no endpoint of peer '{}'; it holds: {}",
                              reference.text,
                              peer,
                              List(open)));
  }
}

void Endpoints::CheckHeld(const std::string& name, const std::string& peer, const Place& place) {
  const auto found = index_.find(name);
  if (found == index_.end()) {
    problems_.Add(place, Unknown("endpoint", name, Names()));
    return;
  }
  const Item& item = items_[found->second];
  const auto hold = item.holds.find(peer);
  if (hold == item.holds.end()) {
    problems_.Add(place,
                  fmt::format("peer '{}' does not hold endpoint '{}'; it holds: {}",
                              peer,
                              name,
                              List(OpenAt(peer, std::nullopt))));
  } else if (!hold->second.open) {
    problems_.Add(
        place,
        fmt::format(
            "peer '{}' has closed endpoint '{}' (line {})", peer, name, hold->second.closed.line));
  }
}

std::vector<std::string> Endpoints::Known(const std::string& reference, const Place& place) {
  if (!IsGlob(reference)) {
    if (!index_.contains(reference)) {
      problems_.Add(place, Unknown("endpoint", reference, Names()));
      return {};
    }
    return {reference};
  }
  std::vector<std::string> names;
  for (const Item& item : items_) {
    if (GlobMatch(reference, item.decl.name)) {
      names.push_back(item.decl.name);
    }
  }
  if (names.empty()) {
    problems_.Add(place,
                  fmt::format("'{}' matches no endpoint; there are: {}", reference, List(Names())));
  }
  return names;
}

std::string Endpoints::DefaultConnection(const std::string& peer, const Place& place) {
  const auto own = index_.find(peer);
  if (own != index_.end() && items_[own->second].decl.kind == Kind::kConnection &&
      items_[own->second].holds.contains(peer)) {
    CheckHeld(peer, peer, place);  // closed, perhaps
    return peer;
  }
  return OnlyCandidate(OpenAt(peer, Kind::kConnection), peer, "connection", place);
}

std::string Endpoints::DefaultListener(const std::string& peer, const Place& place) {
  return OnlyCandidate(OpenAt(peer, Kind::kListener), peer, "listener", place);
}

std::string Endpoints::OnlyCandidate(const std::vector<std::string>& candidates,
                                     const std::string& peer,
                                     std::string_view what,
                                     const Place& place) {
  if (candidates.size() == 1) {
    return candidates.front();
  }
  if (candidates.empty()) {
    problems_.Add(
        place,
        fmt::format(
            "peer '{}' has no {}; it holds: {}", peer, what, List(OpenAt(peer, std::nullopt))));
  } else {
    problems_.Add(
        place, fmt::format("which {} of peer '{}'? name one of: {}", what, peer, List(candidates)));
  }
  return {};
}

const EndpointDecl& Endpoints::Decl(const std::string& name) const {
  return items_[index_.at(name)].decl;
}

const std::optional<Destination>& Endpoints::Local(const std::string& name) const {
  return items_[index_.at(name)].local;
}

std::optional<std::pair<Destination, Family>> Endpoints::LatestListener(
    const std::string& host) const {
  const auto found = listened_.find(host);
  return found == listened_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<EndpointDecl> Endpoints::Decls() const {
  std::vector<EndpointDecl> decls;
  decls.reserve(items_.size());
  for (const Item& item : items_) {
    decls.push_back(item.decl);
  }
  return decls;
}

}  // namespace lastack

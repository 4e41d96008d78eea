// Resolves what a scenario says about its endpoints, and refuses what cannot be meant; see
// endpoints.h.
#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/strings.h"
#include "scenario/endpoints.h"

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

std::string_view LossText(HostAction how) {
  return how == HostAction::kReboot ? "was rebooted" : "vanished";
}

}  // namespace

void Endpoints::UsePeer(const std::string& peer, const Place& place) {
  used_.insert(peer);
  CheckPeerKept(peer, place);
  if (const auto ended = ended_.find(peer); ended != ended_.end()) {
    problems_.Add(place,
                  fmt::format("peer '{}' has ended (line {}); declare another one under 'peers'",
                              peer,
                              ended->second.line));
  }
}

void Endpoints::CheckPeerKept(const std::string& peer, const Place& place) {
  const auto found = ended_with_host_.find(peer);
  if (found == ended_with_host_.end()) {
    return;
  }
  const Loss& loss = found->second;
  problems_.Add(
      place,
      fmt::format("peer '{}' ended when its host {} (line {}){}",
                  peer,
                  LossText(loss.how),
                  loss.place.line,
                  loss.how == HostAction::kReboot ? "; declare another one under 'peers'" : ""));
}

void Endpoints::CheckEndpointKept(const std::string& name, const Place& place) {
  const auto found = index_.find(name);
  if (found == index_.end() || !items_[found->second].lost) {
    return;
  }
  const Loss& loss = *items_[found->second].lost;
  problems_.Add(place,
                fmt::format("endpoint '{}' was lost when its host {} (line {}); it ends in the "
                            "state it had",
                            name,
                            LossText(loss.how),
                            loss.place.line));
}

void Endpoints::CheckHostKept(const std::string& host, const Place& place) {
  if (const auto found = vanished_.find(host); found != vanished_.end()) {
    problems_.Add(place,
                  fmt::format("host '{}' has vanished (line {})", host, found->second.place.line));
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

std::vector<std::string> Endpoints::Names(std::optional<Kind> kind) const {
  std::vector<std::string> names;
  for (const Item& item : items_) {
    if (!kind || item.decl.kind == *kind) {
      names.push_back(item.decl.name);
    }
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
    problems_.Add(place, Unknown("endpoint", name, Names(std::nullopt)));
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
      problems_.Add(place, Unknown("endpoint", reference, Names(std::nullopt)));
      return {};
    }
    return {reference};
  }
  return Matching(reference, std::nullopt, place);
}

std::vector<std::string> Endpoints::KnownStates(const std::string& reference, const Place& place) {
  return IsGlob(reference) ? Matching(reference, Kind::kConnection, place)
                           : Known(reference, place);
}

std::vector<std::string> Endpoints::Matching(const std::string& glob,
                                             std::optional<Kind> kind,
                                             const Place& place) {
  const std::vector<std::string> all = Names(kind);
  std::vector<std::string> names;
  std::copy_if(all.begin(), all.end(), std::back_inserter(names), [&](const auto& name) {
    return GlobMatch(glob, name);
  });
  if (names.empty()) {
    problems_.Add(place,
                  fmt::format("'{}' matches no {}; there are: {}",
                              glob,
                              kind ? KindText(*kind) : "endpoint",
                              List(all)));
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

bool Endpoints::HasConnection() const {
  return !Names(Kind::kConnection).empty();
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

// Follows, step by step, which endpoints a scenario has: who holds each, what it is, and whether it
// is closed, or lost with its host.
//
// This is what turns defaults, globs and names into endpoints, and refuses references to what does
// not exist. It walks the script, not the network: that a call will fail it knows only from the
// call's `expect`.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "scenario/diagnostic.h"
#include "scenario/model.h"
#include "scenario/node.h"

namespace lastack {

class Endpoints {
 public:
  using Kind = EndpointDecl::Kind;

  // What a call makes.
  struct Made {
    std::string name;
    std::string peer;
    Kind kind = Kind::kConnection;
    Family family = Family::kV4;
    std::optional<Destination> local;  // of a connection: only if the scenario chose it
    bool failed = false;               // the call is expected to fail: the name may be made again
  };

  // "listener", "bound socket", "connection".
  [[nodiscard]] static std::string_view KindText(Kind kind);

  Endpoints(const Scenario& scenario, Problems& problems)
      : scenario_(scenario), problems_(problems) {}

  // --- What steps do. ---
  void Make(const Made& made, const Place& place);
  void Close(const std::vector<std::string>& names, const std::string& peer, const Place& place);
  void Fork(const std::string& parent, const std::string& child);
  void Pass(const std::string& name, const std::string& to, const Place& place);
  void EndPeer(const std::string& peer, const Place& place);
  // `how`: reboot or vanish. The peers that run on the host end; after a reboot others may be
  // used.
  void LoseHost(const std::string& host, HostAction how, const Place& place);
  // bind, then listen or connect: the endpoint becomes one of `kind`.
  void Become(const std::string& name, Kind kind);

  // --- References. ---
  // `on` of a peer's call: a name, a glob or a list of them, among what the peer holds.
  [[nodiscard]] std::vector<std::string> Held(const Node& reference, const std::string& peer);
  // The same, one only.
  [[nodiscard]] std::string OneHeld(const Node& reference, const std::string& peer);
  // A name or a glob among all that have been made so far.
  [[nodiscard]] std::vector<std::string> Known(const std::string& reference, const Place& place);
  // The same, but a glob stands for connections only: a listener is meant by its name.
  [[nodiscard]] std::vector<std::string> KnownStates(const std::string& reference,
                                                     const Place& place);
  // The connection (or listener) that a call without `on` means.
  [[nodiscard]] std::string DefaultConnection(const std::string& peer, const Place& place);
  [[nodiscard]] std::string DefaultListener(const std::string& peer, const Place& place);
  // The peer does something. A problem if it has ended.
  void UsePeer(const std::string& peer, const Place& place);
  // A problem if the peer, the endpoint (as far as it is known) or the host was lost with its host.
  void CheckPeerKept(const std::string& peer, const Place& place);
  void CheckEndpointKept(const std::string& name, const Place& place);
  void CheckHostKept(const std::string& host, const Place& place);

  // --- What is known about one; the name must be known. ---
  [[nodiscard]] const EndpointDecl& Decl(const std::string& name) const;
  [[nodiscard]] const std::optional<Destination>& Local(const std::string& name) const;
  // Where the host's latest listener listens; nothing if it had none.
  [[nodiscard]] std::optional<std::pair<Destination, Family>> LatestListener(
      const std::string& host) const;

  // All, in the order in which they were made.
  [[nodiscard]] std::vector<EndpointDecl> Decls() const;
  [[nodiscard]] bool HasConnection() const;

 private:
  // One peer's hold on an endpoint.
  struct Hold {
    bool open = true;
    Place closed;  // where it was closed, if it is not open
  };
  // A host that was lost.
  struct Loss {
    HostAction how = HostAction::kVanish;
    Place place;
  };
  struct Item {
    EndpointDecl decl;
    std::map<std::string, Hold> holds;  // by peer
    std::optional<Destination> local;
    bool failed = false;
    Place made;
    std::optional<Loss> lost;  // with its host

    [[nodiscard]] bool OpenAt(const std::string& peer) const;
    [[nodiscard]] bool OpenAnywhere() const;
  };

  [[nodiscard]] std::vector<std::string> OpenAt(const std::string& peer,
                                                std::optional<Kind> kind) const;
  [[nodiscard]] std::vector<std::string> Matching(const std::string& glob,
                                                  std::optional<Kind> kind,
                                                  const Place& place);
  void AddHeld(const Node& reference, const std::string& peer, std::vector<std::string>* names);
  void CheckHeld(const std::string& name, const std::string& peer, const Place& place);
  [[nodiscard]] std::string OnlyCandidate(const std::vector<std::string>& candidates,
                                          const std::string& peer,
                                          std::string_view what,
                                          const Place& place);
  [[nodiscard]] std::vector<std::string> Names(std::optional<Kind> kind) const;

  const Scenario& scenario_;
  Problems& problems_;
  std::vector<Item> items_;
  std::unordered_map<std::string, size_t> index_;
  std::set<std::string> used_;                                      // peers
  std::map<std::string, Place> ended_;                              // peers
  std::map<std::string, Loss> ended_with_host_;                     // peers; in ended_, too
  std::map<std::string, Loss> vanished_;                            // hosts
  std::map<std::string, std::pair<Destination, Family>> listened_;  // by host
};

}  // namespace lastack

// The scenario model: one resolved variant, everything named, nothing left to choose.
//
// Plain data. The loader (load.h) is the only place that makes one; it has checked every reference,
// filled in every default and expanded the matrix, so the runner and the judge just walk it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/family.h"
#include "base/socket_option.h"
#include "base/time.h"
#include "tcp/state.h"

namespace lastack {

// A place in the scenario's file, counted from 1; 0 is nowhere.
struct Place {
  int line = 0;
  int column = 0;

  bool operator==(const Place&) const = default;
};

// Both ends are included.
template <typename T>
struct Range {
  T min{};
  T max{};

  [[nodiscard]] bool Contains(const T& value) const { return min <= value && value <= max; }
  bool operator==(const Range&) const = default;
};

// `own`, `own2`, `any`, `loopback`, each also with 4 or 6 appended (`own6`): an address of a host
// by its role.
struct AddressRef {
  std::string host;  // whose address
  std::string name;  // one of AddressNames()

  bool operator==(const AddressRef&) const = default;
};
[[nodiscard]] const std::vector<std::string>& AddressNames();

// What `needs` may name: root, two-users, namespaces, ipv6, sock-destroy, bpf.
[[nodiscard]] const std::vector<std::string>& CapabilityNames();

struct HostSpec {
  std::string name;
  std::vector<std::pair<std::string, std::string>> sysctl;  // "net.ipv4.tcp_fin_timeout" → "2"
  bool delayed_ack = false;
  std::string user;  // of its peers; empty: the harness's own
};

enum class OnTerm { kDefault, kGraceful, kClose };

struct PeerSpec {
  std::string name;
  std::string host;
  std::string user;  // empty: the host's
  OnTerm on_term = OnTerm::kDefault;
  bool forked = false;  // made by a fork step, not spawned
};

// What `expect` of a call or rebind says.
struct Success {
  bool operator==(const Success&) const = default;
};
struct Value {
  Range<int64_t> range;
  bool operator==(const Value&) const = default;
};
struct ErrnoIs {
  std::string name;  // "ECONNRESET"
  bool operator==(const ErrnoIs&) const = default;
};
struct Eof {
  bool operator==(const Eof&) const = default;
};
struct Killed {  // the peer died in this call
  bool operator==(const Killed&) const = default;
};
struct Events {  // poll: exactly these, e.g. {"in", "rdhup"}; empty: timeout
  std::vector<std::string> names;
  bool operator==(const Events&) const = default;
};
// Over many endpoints: how many end how. Keys: "ok", "eof", an errno name.
struct Counts {
  std::map<std::string, Range<int64_t>> of;
  bool operator==(const Counts&) const = default;
};
using Outcome = std::variant<Success, Value, ErrnoIs, Eof, Killed, Events, Counts>;

// As a scenario would write it: "success", "0..5", "ECONNRESET", "eof", "{ECONNRESET: 11, ok: 9}".
[[nodiscard]] std::string ToString(const Outcome& outcome);

struct Expected {
  Outcome outcome = Success{};
  std::optional<Range<Duration>> took;
  Place place;       // of `expect`, or of the step if it has none
  Place took_place;  // of `took`
};

enum class Call {
  kBind,
  kListen,
  kConnect,
  kAccept,
  kPoll,
  kSend,
  kRecv,
  kShutdown,
  kClose,
  kDisconnect,
  kSet,
  kGet,
  kDup,
  kFork,
  kPass,
  kExit,
};
[[nodiscard]] std::string_view ToString(Call call);

struct Destination {
  AddressRef address;
  uint16_t port = 0;
};

// `PEER: {CALL: {…}}`. Which members matter depends on the call; see docs/scenarios.md.
struct CallStep {
  std::string peer;
  Call call = Call::kClose;
  std::vector<std::string> on;        // endpoints, globs and defaults resolved
  std::vector<std::string> as;        // endpoints (fork: the peer) that the call makes
  Family family = Family::kV4;        // of a socket that the call makes
  std::optional<Destination> local;   // bind, listen: address and port; connect: `from`
  std::optional<Destination> remote;  // connect
  std::vector<SocketOption> options;  // bind, listen, connect, set; get: the one asked for (name)
  int backlog = 128;
  std::optional<int64_t> bytes;     // send, recv
  bool until_full = false;          // send
  bool until_eof = false;           // recv
  bool more = false;                // send
  std::string how;                  // shutdown: rd, wr, rdwr
  std::vector<std::string> events;  // poll: in, out, rdhup
  Duration timeout{};               // poll
  int code = 0;                     // exit
  std::string to_peer;              // pass
  Duration within = std::chrono::seconds(5);
  std::string async;  // the call's name if the runner does not wait for it
  Expected expected;
};

struct SignalStep {
  std::string peer;
  std::string signal;  // "KILL", "TERM", "STOP", "CONT", "ABRT", "SEGV"
};

// `host: {NAME: reboot | vanish | {address: remove | add}}`
enum class HostAction { kReboot, kVanish, kRemoveAddress, kAddAddress };
struct HostStep {
  std::string host;
  HostAction action = HostAction::kVanish;
};

struct DestroyStep {
  std::string endpoint;
};

struct CounterStep {  // change since the start of the run
  std::string host;
  std::map<std::string, Range<int64_t>> expected;
};

struct RebindStep {
  std::string host;
  Family family = Family::kV4;
  // Where to bind. Without `on` and without an address: the host's latest listener at that moment,
  // already resolved by the loader to the listener's address and port.
  Destination local;
  // `on` names a connection: the port is the one the kernel gave it; the address is in `local`.
  std::string on;
  std::vector<SocketOption> options;
  std::string user;
  bool until_ok = false;
  Duration within = std::chrono::seconds(5);
  std::string async;  // its name if the runner does not wait for it
  Expected expected;
};

// A MATCH for a segment.
struct SegmentMatch {
  std::string from;   // host; empty: any
  std::string flags;  // "FIN", "SYN,ACK"; empty: any
  bool only = false;  // exactly these flags
  // Which of those that match, from 1. Nothing: of a rule every one, elsewhere the first.
  std::optional<Range<int64_t>> nth;
  std::optional<bool> has_bytes;
  std::optional<Range<int64_t>> seq;  // relative: the sender's SYN is 0
  std::string connection;             // endpoint; empty: any
};

// What a rule does with a segment that it matches. `delay` is a hold that ends by itself after a
// time, `reorder` one that ends with a later segment.
enum class WireAction { kDrop, kHold, kDuplicate };

// A rule of the wire: `NAME: {drop: MATCH}`. Of a hold exactly one of `sees`, `step` and `after` is
// set.
struct WireRule {
  std::string name;
  WireAction action = WireAction::kDrop;
  SegmentMatch match;
  std::optional<SegmentMatch> sees;  // until such a segment has reached the relay
  bool behind = false;               // … after the held one (reorder), not before
  std::optional<int> step;           // until this step begins; an index into Scenario::steps
  std::optional<Duration> after;     // for this long
  Place place;
};

struct AddRule {
  WireRule rule;
};
struct RemoveRule {
  std::string name;
};
struct ReleaseRule {
  std::string name;
};
struct CutLink {};
struct MendLink {};

// A sequence number of a segment to be made: `next`, `next+100`, or a number relative to the SYN.
struct SequenceChoice {
  bool next = true;
  int64_t offset = 0;
};

// A segment that the relay makes from what it has seen of the connection.
struct Inject {
  std::string connection;  // endpoint; empty: the connection that began last
  std::string from;        // host that it claims to be from
  std::string flags;
  SequenceChoice seq;  // next: what `from` would send next
  SequenceChoice ack;  // next: what the other host would send next
  int64_t bytes = 0;
  std::string icmp;  // instead of a segment: "port-unreachable", "host-unreachable"
};

// `wire: …` as a step.
struct WireStep {
  std::variant<AddRule, RemoveRule, ReleaseRule, CutLink, MendLink, Inject> what;
};

struct WaitState {
  std::vector<std::pair<std::string, State>> states;  // endpoint → state, globs resolved
};
struct WaitSegment {
  SegmentMatch match;
};
struct WaitCall {
  std::string name;  // of an async call
};
struct WaitExit {
  std::string peer;
};
struct WaitFor {
  Duration duration{};
  WaitState holds;  // may be empty
};
struct WaitStep {
  std::variant<WaitState, WaitSegment, WaitCall, WaitExit, WaitFor> what;
  Duration within = std::chrono::seconds(2);
  std::optional<Range<Duration>> took;
  Place took_place;
};

struct Step {
  Place place;
  std::string text;  // one line, as --dry-run and the evidence name it: "client: close"
  std::variant<CallStep,
               SignalStep,
               HostStep,
               DestroyStep,
               CounterStep,
               RebindStep,
               WaitStep,
               WireStep>
      what;
};

// One endpoint that the scenario names.
struct EndpointDecl {
  std::string name;
  std::string peer;  // the first to hold it
  std::string host;
  enum class Kind { kListener, kBound, kConnection } kind = Kind::kConnection;
  Family family = Family::kV4;
};

struct ExpectedStates {
  std::string endpoint;  // a name, or a glob such as "c*": each one of these
  std::vector<State> states;
  std::vector<Place> places;  // of each state
  Place place;
};

enum class Fate { kArrives, kLost, kInjected };

struct ExpectedSegment {
  std::string from;                     // host
  std::string flags;                    // "FIN", "SYN,ACK"
  Fate fate = Fate::kArrives;           // "lost", "injected"
  int times = 1;                        // "x3"
  std::optional<Range<int64_t>> bytes;  // payload
  std::optional<Range<int64_t>> seq;    // relative: the sender's SYN is 0
  std::vector<std::string> reasons;     // of a RST, one of these; empty: any. Judged where known
  Place place;
};

struct ExpectedSegments {
  std::string connection;  // endpoint name or glob: for each of these; empty: over all connections
  std::vector<ExpectedSegment> segments;
  Place place;
};

struct ClaimRef {
  std::string id;
  bool confirms = true;
  std::string when;  // the condition in words; may be empty
  Place place;
};

struct Scenario {
  std::string id;    // "folder/name" plus its matrix labels: "normal/active-close-client.v4"
  std::string file;  // as the user named it
  std::string title;
  std::string about;
  std::vector<std::string> refs;
  std::vector<ClaimRef> claims;
  std::vector<std::string> labels;
  std::vector<std::string> needs;
  std::vector<std::pair<std::string, std::string>> matrix;  // name → label
  Family family = Family::kV4;
  std::vector<HostSpec> hosts;  // two
  bool wire = false;      // the link is a relay; implied by rules, wire steps, a delay, a lost host
  Duration link_delay{};  // each way
  std::vector<WireRule> rules;  // in force from the start
  std::vector<PeerSpec> peers;
  std::vector<EndpointDecl> endpoints;
  std::vector<Step> steps;
  std::vector<ExpectedStates> states;
  std::optional<std::vector<ExpectedSegments>> segments;  // nothing: not judged
  Place place;                                            // of the `scenario:` key
};

// Those in force from the start, and those that steps add.
[[nodiscard]] std::vector<const WireRule*> AllRules(const Scenario& scenario);
[[nodiscard]] const HostSpec* FindHost(const Scenario& scenario, std::string_view name);
// The one of the two that is not this one.
[[nodiscard]] std::string OtherHost(const Scenario& scenario, const std::string& host);
[[nodiscard]] const PeerSpec* FindPeer(const Scenario& scenario, std::string_view name);
[[nodiscard]] const EndpointDecl* FindEndpoint(const Scenario& scenario, std::string_view name);

}  // namespace lastack

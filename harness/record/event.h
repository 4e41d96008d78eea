// The raw events of a run: what the runner, the hosts and the peers reported, in the order in which
// it arrived.
//
// Units: t_ns, t0_ns, t1_ns are CLOCK_MONOTONIC unless the event's clock says otherwise; durations
// are Duration. The format of events.jsonl is docs/evidence.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "tcp/endpoint.h"
#include "tcp/state.h"

namespace lastack {

enum class Clock { kMonotonic, kRealtime };

constexpr int kAfterLastStep = -1;  // `step` of what was observed at the end

struct RunStarted {
  std::string id;
  std::string version;                                                  // of lastack
  std::string kernel;                                                   // uname release
  std::map<std::string, std::map<std::string, std::string>> addresses;  // host → role → address
  std::map<std::string, std::map<std::string, std::string>> sysctl;  // host → name → value in force
};

struct StepStarted {
  int step = 0;
};

// The runner went on, or could not: `problem` says what the harness itself failed to do.
struct StepFinished {
  int step = 0;
  std::string problem;  // empty: none
};

struct CallStarted {
  int64_t call = 0;
  int step = 0;
  std::string peer;
  std::string text;  // "connect", "send 5 bytes"
  std::vector<std::string> on;
};

// What one call returned about one endpoint.
struct CallResult {
  std::string name;  // endpoint
  int64_t t0_ns = 0;
  int64_t t1_ns = 0;
  std::optional<int64_t> value;
  std::string error;        // errno name; empty: none
  std::string failed_call;  // "bind", "listen" where a call is several
  bool eof = false;
  std::vector<std::string> events;  // poll
  std::optional<int64_t> seconds;   // get SO_LINGER
  std::optional<Endpoint> socket;
};

struct CallFinished {
  int64_t call = 0;
  int step = 0;
  std::string peer;
  std::vector<CallResult> results;
};

// The call did not return: its peer was killed in it, or exited (as `exit` asks), or its time was
// up.
struct CallAbandoned {
  int64_t call = 0;
  int step = 0;
  std::string peer;
  bool killed = false;
  bool exited = false;
};

struct PeerSpawned {
  std::string peer;
  std::string host;
  int64_t pid = 0;
};

struct PeerExited {
  std::string peer;
  std::string host;
  std::optional<int> code;
  std::string signal;  // "KILL"; empty: exited with `code`
};

enum class SampleKind { kNone, kSocket, kTimeWait, kRequest };

struct StateSample {
  std::string endpoint;
  State state = State::kClosed;
  SampleKind kind = SampleKind::kNone;
  uint64_t cookie = 0;
  std::string timer;  // empty: none
  Duration expires{};
};

// One look of the kernel witness at one host: all samples lie between t0 and t1.
struct KernelSampled {
  int step = 0;
  std::string host;
  int64_t t0_ns = 0;
  int64_t t1_ns = 0;
  std::vector<StateSample> samples;
};

enum class TraceKind {
  kState,           // a socket went from one state to another
  kTimerSet,        // of a mini-socket: it lives for `left`, in the sub-state `to`
  kTimerCancelled,  // also just before it expires or is set anew
  kTimerExpired,
  kMiniReceived,  // a mini-socket has dealt with a segment that has `flags`
  kRstSent,       // for `reason`
  kRstReceived,
  kRetransmitted,
  kDestroyed,  // the socket's memory is given back
};

// What a tracepoint of a host's kernel said of one socket.
struct KernelTraced {
  std::string host;
  TraceKind what = TraceKind::kState;
  uint64_t cookie = 0;  // SO_COOKIE, a mini-socket's is its socket's; 0: no socket
  SocketAddress local;  // unmapped; before an active open it has port 0
  SocketAddress remote;
  State from = State::kClosed;
  State to = State::kClosed;
  Duration left{};
  std::string reason;  // "TCP_STATE", as enum sk_rst_reason names it
  std::string flags;   // "FIN,ACK"
};

// The end of the trace of a host's kernel, which began before its first socket.
struct TraceClosed {
  std::string host;
  int64_t lost = 0;    // events of this host that did not fit into the ring
  int64_t missed = 0;  // times that a program could not run meanwhile, whatever for
};

struct WaitFinished {
  int step = 0;
  bool fulfilled = false;
  Duration took{};
  std::string saw;  // what was there instead, for people
};

struct SignalSent {
  int step = 0;
  std::string peer;
  std::string signal;
};

struct HostChanged {
  int step = 0;
  std::string host;
  std::string what;  // "address removed", "address added", "vanished", "rebooted"
};

// What a `wire` step did: "cut", "mend", "add NAME", "remove NAME", "release NAME", "inject".
struct WireChanged {
  int step = 0;
  std::string what;
};

// The segment that a decision of the relay was about.
struct WireSegment {
  SocketAddress source;
  SocketAddress destination;
  uint32_t seq = 0;
  uint32_t ack = 0;
  std::string flags;  // "FIN,ACK"; "ICMP port-unreachable"
  uint32_t len = 0;
};

enum class WireDecision { kDropped, kHeld, kReleased, kDuplicated, kInjected, kCut };

// What the relay did with one segment other than to pass it on at once.
struct WireDecided {
  std::string rule;  // empty: none, but a cut or an injection
  WireDecision what = WireDecision::kDropped;
  std::string from;  // host
  WireSegment segment;
};

// The relay's own account of the whole run.
struct WireClosed {
  std::map<std::string, int64_t> rules;  // how many segments each rule matched
  int64_t forwarded = 0;
  int64_t missed = 0;  // frames that the kernel dropped before the relay had read them
};

struct SocketDestroyed {
  int step = 0;
  std::string endpoint;
  std::string error;  // errno name; empty: done
};

struct CountersRead {
  int step = 0;  // kAfterLastStep + "start" is -2
  std::string host;
  std::map<std::string, int64_t> values;
};
constexpr int kBeforeFirstStep = -2;

struct Rebound {
  int step = 0;
  std::string host;
  SocketAddress address;
  std::string options;  // "SO_REUSEADDR", "none"
  std::string user;
  std::string error;        // errno name of the last attempt; empty: bound and listened
  std::string failed_call;  // "bind", "listen"
  Duration latency{};
  int64_t attempts = 0;
  int64_t t0_ns = 0;
  int64_t t1_ns = 0;
};

// Both clocks of one source, read together; gives the offset.
struct ClockRead {
  int64_t monotonic_ns = 0;
  int64_t realtime_ns = 0;
};

struct CaptureClosed {
  std::string host;
  std::string interface;
  int64_t received = 0;
  int64_t dropped = 0;
};

// A named probe of the machine with the margin beyond which it explains a timing finding.
struct ProbeRead {
  std::string name;  // "wake-up overshoot"
  int step = 0;
  Duration value{};
  Duration margin{};
};

// What a witness could not see.
struct BlindSpot {
  std::string witness;  // wire, kernel, app
  std::string what;
};

using EventData = std::variant<RunStarted,
                               StepStarted,
                               StepFinished,
                               CallStarted,
                               CallFinished,
                               CallAbandoned,
                               PeerSpawned,
                               PeerExited,
                               KernelSampled,
                               WaitFinished,
                               SignalSent,
                               HostChanged,
                               SocketDestroyed,
                               CountersRead,
                               Rebound,
                               ClockRead,
                               CaptureClosed,
                               ProbeRead,
                               BlindSpot,
                               WireChanged,
                               WireDecided,
                               WireClosed,
                               KernelTraced,
                               TraceClosed>;

struct Event {
  int64_t id = 0;      // position in the record, from 1
  std::string source;  // "runner", "host:server", "peer:server"
  Clock clock = Clock::kMonotonic;
  int64_t t_ns = 0;
  EventData data;
};

}  // namespace lastack

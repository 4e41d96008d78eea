// What happens to TCP sockets while they are watched, one change after the other, as the kernel's
// tracepoints tell it.
//
// Unlike the lives that the judge reads (judge/kernel_lives.h) it has no end: a socket that is gone
// is forgotten, so that watching a busy machine takes memory only for the sockets there are. Pure.
// Units: times are CLOCK_MONOTONIC.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/socket_address.h"
#include "base/time.h"
#include "judge/kernel_lives.h"
#include "record/event.h"
#include "tcp/state.h"

namespace lastack {

struct WatchedProcess {
  int pid = 0;  // 0: not known
  std::string comm;
};

// A tracepoint's event, and in whose call, if in one, it happened.
struct WatchedEvent {
  int64_t t_ns = 0;
  KernelTraced data;
  WatchedProcess process;
};

// A socket that was there before the watch began.
struct KnownSocket {
  uint64_t cookie = 0;
  SocketAddress local;
  SocketAddress remote;
  State state = State::kClosed;
  bool mini = false;
};

enum class ChangeKind {
  kState,
  kRestarted,  // the time of a mini-socket, by a segment
  kRstSent,
  kRstReceived,
  kRetransmitted,
};

struct SocketChange {
  ChangeKind kind = ChangeKind::kState;
  int64_t t_ns = 0;
  uint64_t cookie = 0;  // 0: no socket sent this RST
  SocketAddress local;  // port 0: not chosen yet
  SocketAddress remote;
  std::optional<State> from;  // the state before; with a kind that changes none, the state it is in
  State to = State::kClosed;  // of kState
  std::optional<Duration> age;  // how long it was in `from`; nothing if that began unseen
  // Of a mini-socket: what it has left when it begins or is restarted, what it had left at its end.
  std::optional<Duration> left;
  MiniEnd end = MiniEnd::kNotYet;  // why a mini-socket is CLOSED
  std::string reason;              // of kRstSent
  WatchedProcess process;
};

class SocketWatch {
 public:
  // Only sockets with this local or remote port; 0: all.
  explicit SocketWatch(uint16_t port) : port_(port) {}

  // Before the first event is added.
  void Know(const KnownSocket& socket);
  void Add(const WatchedEvent& event);
  // What has happened since the last time. That a mini-socket was taken off is known only when
  // nothing follows: it comes a little later.
  [[nodiscard]] std::vector<SocketChange> Take(int64_t now_ns);

  [[nodiscard]] size_t size() const { return lives_.size(); }

 private:
  struct Life {
    SocketAddress local;
    SocketAddress remote;
    std::optional<State> state;
    std::optional<int64_t> since_ns;  // that it has been in `state`
    bool mini = false;
    std::optional<int64_t> planned_end_ns;
    std::optional<int64_t> cancelled_ns;  // its timer; what that means, the next event tells
    WatchedProcess process;
  };
  using Lives = std::map<uint64_t, Life>;

  [[nodiscard]] bool Wanted(const KernelTraced& traced) const;
  void AddState(const WatchedEvent& event, uint64_t cookie, Life* life);
  void SetTimer(const WatchedEvent& event, uint64_t cookie, Life* life);
  void Cancel(const WatchedEvent& event, uint64_t cookie, Life* life);
  void Receive(const WatchedEvent& event, Lives::iterator life);
  void Enter(State state, int64_t t_ns, uint64_t cookie, Life* life);
  void End(MiniEnd end, int64_t t_ns, Lives::iterator life);
  void AddRstOfNoSocket(const WatchedEvent& event);
  SocketChange& Append(ChangeKind kind, int64_t t_ns, uint64_t cookie, const Life& life);

  uint16_t port_ = 0;
  Lives lives_;
  std::vector<uint64_t> cancelled_;  // may name what has ended since
  std::vector<SocketChange> changes_;
};

}  // namespace lastack

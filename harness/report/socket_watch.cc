#include "report/socket_watch.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

namespace lastack {
namespace {

// What explains a cancelled timer happens in the same interrupt; a virtual CPU may be stopped in
// it.
constexpr Duration kExplained = std::chrono::milliseconds(50);

// Changes that only a call of a process makes, and never a segment or a timer: what runs then is
// not just whom the interrupt hit.
bool IsMadeByCall(const KernelTraced& traced) {
  const bool stops_listening = traced.from == State::kListen && traced.to == State::kClosed;
  return stops_listening || traced.to == State::kListen || traced.to == State::kSynSent ||
         traced.to == State::kFinWait1 || traced.to == State::kLastAck;
}

bool Has(const std::string& flags, std::string_view flag) {
  return flags.find(flag) != std::string::npos;
}

}  // namespace

void SocketWatch::Know(const KnownSocket& socket) {
  if (socket.cookie != 0 &&
      Wanted({.local = Unmapped(socket.local), .remote = Unmapped(socket.remote)})) {
    lives_[socket.cookie] = {.local = Unmapped(socket.local),
                             .remote = Unmapped(socket.remote),
                             .state = socket.state,
                             .mini = socket.mini};
  }
}

bool SocketWatch::Wanted(const KernelTraced& traced) const {
  return port_ == 0 || traced.local.port == port_ || traced.remote.port == port_ ||
         (traced.cookie != 0 && lives_.contains(traced.cookie));
}

void SocketWatch::Add(const WatchedEvent& event) {
  const KernelTraced& traced = event.data;
  if (!Wanted(traced)) {
    return;
  }
  const uint64_t cookie = traced.cookie;
  if (cookie == 0) {
    AddRstOfNoSocket(event);
    return;
  }
  // Its memory, or the last segment that it was given, may come after its end.
  const bool begins =
      traced.what != TraceKind::kDestroyed && traced.what != TraceKind::kMiniReceived;
  auto found = lives_.find(cookie);
  if (found == lives_.end()) {
    if (!begins) {
      return;
    }
    found = lives_.try_emplace(cookie).first;
  }
  Life& life = found->second;
  const bool tells_both = traced.local.port != 0 && traced.remote.port != 0;
  const bool tells_first = life.local.port == 0 && life.remote.port == 0;
  if (tells_both || tells_first) {
    life.local = traced.local;
    life.remote = traced.remote;
  }
  switch (traced.what) {
    case TraceKind::kState:
      AddState(event, cookie, &life);
      break;
    case TraceKind::kTimerSet:
      SetTimer(event, cookie, &life);
      break;
    case TraceKind::kTimerCancelled:
      Cancel(event, cookie, &life);
      break;
    case TraceKind::kTimerExpired:
      life.state = life.state.value_or(traced.to);
      End(MiniEnd::kExpired, event.t_ns, found);
      break;
    case TraceKind::kMiniReceived:
      Receive(event, found);
      break;
    case TraceKind::kRstSent:
      Append(ChangeKind::kRstSent, event.t_ns, cookie, life).reason = traced.reason;
      break;
    case TraceKind::kRstReceived:
      Append(ChangeKind::kRstReceived, event.t_ns, cookie, life);
      break;
    case TraceKind::kRetransmitted:
      Append(ChangeKind::kRetransmitted, event.t_ns, cookie, life);
      break;
    case TraceKind::kDestroyed:
      if (!life.mini) {
        lives_.erase(found);
      }
      break;
  }
}

std::vector<SocketChange> SocketWatch::Take(int64_t now_ns) {
  std::vector<uint64_t> unexplained;
  for (const uint64_t cookie : std::exchange(cancelled_, {})) {
    const auto found = lives_.find(cookie);
    if (found == lives_.end() || !found->second.cancelled_ns) {
      continue;
    }
    if (now_ns - *found->second.cancelled_ns >= kExplained.count()) {
      End(MiniEnd::kTakenOff, *found->second.cancelled_ns, found);
    } else {
      unexplained.push_back(cookie);
    }
  }
  cancelled_ = std::move(unexplained);
  return std::exchange(changes_, {});
}

// A mini-socket is armed just before its full socket says CLOSED.
void SocketWatch::AddState(const WatchedEvent& event, uint64_t cookie, Life* life) {
  const KernelTraced& traced = event.data;
  if (IsMadeByCall(traced)) {
    life->process = event.process;
  }
  if (traced.to == State::kClosed && life->mini) {
    return;
  }
  if (life->state != traced.from) {
    life->since_ns = {};
    life->state = traced.from;
  }
  Enter(traced.to, event.t_ns, cookie, life);
}

void SocketWatch::SetTimer(const WatchedEvent& event, uint64_t cookie, Life* life) {
  const State state = event.data.to;
  const bool is_new = !std::exchange(life->mini, true);
  life->cancelled_ns = {};
  life->planned_end_ns = event.t_ns + event.data.left.count();
  if (life->state != state) {
    Enter(state, event.t_ns, cookie, life);
  } else if (is_new) {
    return;  // FIN-WAIT-2 goes on in a mini-socket
  } else {
    Append(ChangeKind::kRestarted, event.t_ns, cookie, *life);
  }
  changes_.back().left = event.data.left;
}

void SocketWatch::Cancel(const WatchedEvent& event, uint64_t cookie, Life* life) {
  life->mini = true;
  life->state = life->state.value_or(event.data.to);
  life->cancelled_ns = event.t_ns;
  // The kernel's own timer still tells when it would have been.
  if (!life->planned_end_ns) {
    life->planned_end_ns = event.t_ns + event.data.left.count();
  }
  cancelled_.push_back(cookie);
}

// Where the timer stays in its slot, only the segment shows that the mini-socket went on.
void SocketWatch::Receive(const WatchedEvent& event, Lives::iterator life) {
  const KernelTraced& traced = event.data;
  if (life->second.cancelled_ns) {
    if (Has(traced.flags, "RST")) {
      End(MiniEnd::kReset, *life->second.cancelled_ns, life);
    }
    return;
  }
  life->second.planned_end_ns = event.t_ns + traced.left.count();
  life->second.mini = true;
  if (life->second.state != traced.to) {
    Enter(traced.to, event.t_ns, life->first, &life->second);
    changes_.back().left = traced.left;
  }
}

void SocketWatch::Enter(State state, int64_t t_ns, uint64_t cookie, Life* life) {
  Append(ChangeKind::kState, t_ns, cookie, *life).to = state;
  life->state = state;
  life->since_ns = t_ns;
}

void SocketWatch::End(MiniEnd end, int64_t t_ns, Lives::iterator life) {
  SocketChange& change = Append(ChangeKind::kState, t_ns, life->first, life->second);
  change.end = end;
  if (end != MiniEnd::kExpired && life->second.planned_end_ns) {
    change.left = std::max(Duration(*life->second.planned_end_ns - t_ns), Duration(0));
  }
  lives_.erase(life);
}

void SocketWatch::AddRstOfNoSocket(const WatchedEvent& event) {
  if (event.data.what == TraceKind::kRstSent) {
    changes_.push_back({.kind = ChangeKind::kRstSent,
                        .t_ns = event.t_ns,
                        .local = event.data.local,
                        .remote = event.data.remote,
                        .reason = event.data.reason});
  }
}

SocketChange& SocketWatch::Append(ChangeKind kind,
                                  int64_t t_ns,
                                  uint64_t cookie,
                                  const Life& life) {
  SocketChange& change = changes_.emplace_back();
  change.kind = kind;
  change.t_ns = t_ns;
  change.cookie = cookie;
  change.local = life.local;
  change.remote = life.remote;
  change.from = life.state;
  if (life.since_ns) {
    change.age = Duration(t_ns - *life.since_ns);
  }
  change.process = life.process;
  return change;
}

}  // namespace lastack

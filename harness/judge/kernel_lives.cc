#include "judge/kernel_lives.h"

#include <map>
#include <utility>

namespace lastack {
namespace {

class Biographer {
 public:
  void Add(const Event& event, const KernelTraced& traced) {
    if (traced.cookie == 0) {
      return;  // a RST that no socket sent
    }
    KernelLife& life = LifeOf(traced);
    if (traced.what !=
        TraceKind::kRstSent) {  // a listener's names the connection that it was about
      Learn(traced, &life);
    }
    switch (traced.what) {
      case TraceKind::kState:
        AddState(event, traced, &life);
        break;
      case TraceKind::kTimerSet:
        SetTimer(event, traced, &life);
        break;
      case TraceKind::kTimerCancelled:
        End(MiniEnd::kTakenOff, event, &life);
        break;
      case TraceKind::kTimerExpired:
        End(MiniEnd::kExpired, event, &life);
        break;
      case TraceKind::kMiniReceived:
        Receive(event, traced, &life);
        break;
      case TraceKind::kRstSent:
        life.rsts.push_back({event.t_ns, event.id, traced.reason});
        break;
      case TraceKind::kRstReceived:
        life.reset = true;
        break;
      case TraceKind::kRetransmitted:
        ++life.retransmissions;
        break;
      case TraceKind::kDestroyed:
        break;
    }
  }

  std::vector<KernelLife> Take() {
    for (KernelLife& life : lives_) {
      if (life.mini && life.mini->end != MiniEnd::kNotYet) {
        life.transitions.push_back(
            {State::kClosed, life.mini->end_ns, end_events_[life.cookie], true});
      }
    }
    return std::move(lives_);
  }

 private:
  KernelLife& LifeOf(const KernelTraced& traced) {
    const auto [found, is_new] = by_cookie_.try_emplace(traced.cookie, lives_.size());
    if (is_new) {
      lives_.push_back({.host = traced.host, .cookie = traced.cookie});
    }
    return lives_[found->second];
  }

  // The first event of an active open has no local port yet.
  static void Learn(const KernelTraced& traced, KernelLife* life) {
    if (traced.local.port != 0 && traced.remote.port != 0) {
      life->local = traced.local;
      life->remote = traced.remote;
    } else if (life->remote.port == 0) {
      life->remote = traced.remote;
    }
  }

  static void Enter(State state, const Event& event, bool mini, KernelLife* life) {
    if (life->transitions.empty() || life->transitions.back().to != state) {
      life->transitions.push_back({state, event.t_ns, event.id, mini});
    }
  }

  // A mini-socket is armed just before its full socket is CLOSED.
  static void AddState(const Event& event, const KernelTraced& traced, KernelLife* life) {
    if (traced.to != State::kClosed || !life->mini) {
      Enter(traced.to, event, false, life);
    }
  }

  // Also when it is set anew, which the kernel does by way of cancelling it.
  static void SetTimer(const Event& event, const KernelTraced& traced, KernelLife* life) {
    if (!life->mini) {
      life->mini = MiniLife{.begin_ns = event.t_ns};
    }
    life->mini->end = MiniEnd::kNotYet;
    life->mini->planned_end_ns = event.t_ns + traced.left.count();
    Enter(traced.to, event, true, life);
  }

  // An expiry is announced as a cancellation first.
  void End(MiniEnd end, const Event& event, KernelLife* life) {
    if (life->mini) {
      life->mini->end = end;
      life->mini->end_ns = event.t_ns;
      end_events_[life->cookie] = event.id;
    }
  }

  static void Receive(const Event& event, const KernelTraced& traced, KernelLife* life) {
    if (!life->mini) {
      life->mini = MiniLife{.begin_ns = event.t_ns};  // its beginning was not seen
    }
    if (life->mini->end == MiniEnd::kNotYet) {
      life->mini->planned_end_ns = event.t_ns + traced.left.count();
      Enter(traced.to, event, true, life);
    } else if (traced.flags.find("RST") != std::string::npos) {
      life->mini->end = MiniEnd::kReset;
    }
  }

  std::vector<KernelLife> lives_;
  std::map<uint64_t, size_t> by_cookie_;  // cookies are the machine's, not a namespace's
  std::map<uint64_t, int64_t> end_events_;
};

}  // namespace

std::string_view ToString(MiniEnd end) {
  switch (end) {
    case MiniEnd::kNotYet:
      return "not yet";
    case MiniEnd::kExpired:
      return "expired";
    case MiniEnd::kReset:
      return "reset";
    case MiniEnd::kTakenOff:
      return "taken off";
  }
  return "";
}

std::vector<KernelLife> KernelLives(const std::vector<Event>& events) {
  Biographer biographer;
  for (const auto& [event, traced] : Select<KernelTraced>(events)) {
    biographer.Add(*event, *traced);
  }
  return biographer.Take();
}

}  // namespace lastack

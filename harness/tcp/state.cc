#include "tcp/state.h"

#include <algorithm>
#include <array>
#include <utility>

namespace lastack {
namespace {

constexpr std::array<std::pair<State, std::string_view>, 11> kNames = {{
    {State::kClosed, "CLOSED"},
    {State::kListen, "LISTEN"},
    {State::kSynSent, "SYN-SENT"},
    {State::kSynReceived, "SYN-RECEIVED"},
    {State::kEstablished, "ESTABLISHED"},
    {State::kFinWait1, "FIN-WAIT-1"},
    {State::kFinWait2, "FIN-WAIT-2"},
    {State::kCloseWait, "CLOSE-WAIT"},
    {State::kClosing, "CLOSING"},
    {State::kLastAck, "LAST-ACK"},
    {State::kTimeWait, "TIME-WAIT"},
}};

// Index: Linux's number. TCP_BOUND_INACTIVE (13) is a socket that is bound and neither listens nor
// is connected: CLOSED.
constexpr std::array<State, 14> kFromLinux = {
    State::kClosed,
    State::kEstablished,
    State::kSynSent,
    State::kSynReceived,
    State::kFinWait1,
    State::kFinWait2,
    State::kTimeWait,
    State::kClosed,
    State::kCloseWait,
    State::kLastAck,
    State::kListen,
    State::kClosing,
    State::kSynReceived,
    State::kClosed,
};

struct Edge {
  State from;
  State to;
};

// RFC 9293 section 3.3.2, figure 5. FIN-WAIT-1 to TIME-WAIT is its FIN that acknowledges ours (note
// 2 there). Any state may end in CLOSED: by a reset, a timeout or an abort.
constexpr std::array<Edge, 17> kEdges = {{
    {State::kClosed, State::kListen},
    {State::kClosed, State::kSynSent},
    {State::kListen, State::kSynReceived},
    {State::kListen, State::kSynSent},
    {State::kSynSent, State::kSynReceived},
    {State::kSynSent, State::kEstablished},
    {State::kSynReceived, State::kEstablished},
    {State::kSynReceived, State::kFinWait1},
    {State::kSynReceived, State::kListen},
    {State::kEstablished, State::kFinWait1},
    {State::kEstablished, State::kCloseWait},
    {State::kFinWait1, State::kFinWait2},
    {State::kFinWait1, State::kClosing},
    {State::kFinWait1, State::kTimeWait},
    {State::kFinWait2, State::kTimeWait},
    {State::kClosing, State::kTimeWait},
    {State::kCloseWait, State::kLastAck},
}};

}  // namespace

std::string_view ToString(State state) {
  const auto* found =
      std::find_if(kNames.begin(), kNames.end(), [&](const auto& n) { return n.first == state; });
  return found->second;
}

std::optional<State> StateFromString(std::string_view name) {
  for (const auto& [state, text] : kNames) {
    if (text == name) {
      return state;
    }
  }
  return std::nullopt;
}

const std::vector<State>& AllStates() {
  static const std::vector<State> kAll = [] {
    std::vector<State> all;
    for (const auto& entry : kNames) {
      all.push_back(entry.first);
    }
    return all;
  }();
  return kAll;
}

std::optional<State> StateFromLinux(int linux_state) {
  if (linux_state <= 0 || linux_state >= static_cast<int>(kFromLinux.size())) {
    return std::nullopt;
  }
  return kFromLinux[static_cast<size_t>(linux_state)];
}

bool CanFollow(State from, State to) {
  return (to == State::kClosed && from != State::kClosed) ||
         std::any_of(kEdges.begin(), kEdges.end(), [&](const Edge& edge) {
           return edge.from == from && edge.to == to;
         });
}

std::string ToString(const std::vector<State>& states) {
  std::string text;
  for (const State state : states) {
    text += text.empty() ? "" : ", ";
    text += ToString(state);
  }
  return text;
}

}  // namespace lastack

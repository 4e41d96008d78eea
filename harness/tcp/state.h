// The states of a TCP connection, and of a listener.
//
// Source: RFC 9293 section 3.3.2.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lastack {

enum class State {
  kClosed,
  kListen,
  kSynSent,
  kSynReceived,
  kEstablished,
  kFinWait1,
  kFinWait2,
  kCloseWait,
  kClosing,
  kLastAck,
  kTimeWait,
};

// As RFC 9293 spells it: "FIN-WAIT-1".
[[nodiscard]] std::string_view ToString(State state);

// The state of this RFC 9293 name; nothing for any other text.
[[nodiscard]] std::optional<State> StateFromString(std::string_view name);

[[nodiscard]] const std::vector<State>& AllStates();

// Linux's TCP_ESTABLISHED … TCP_NEW_SYN_RECV (include/net/tcp_states.h) as a State. Nothing for a
// number Linux does not have.
[[nodiscard]] std::optional<State> StateFromLinux(int linux_state);

// Whether the one state can lead to the other at once: figure 5, and CLOSED from anywhere.
[[nodiscard]] bool CanFollow(State from, State to);

// "ESTABLISHED, FIN-WAIT-1, …".
[[nodiscard]] std::string ToString(const std::vector<State>& states);

}  // namespace lastack

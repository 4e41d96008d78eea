#include "observe/bpf/decode.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "tcp/segment.h"

namespace lastack {
namespace {

TraceKind KindOf(const lastack_trace_event& raw) {
  switch (static_cast<lastack_trace_kind>(raw.kind)) {
    case LASTACK_TRACE_STATE:
      return TraceKind::kState;
    case LASTACK_TRACE_TIMER_SET:
      return TraceKind::kTimerSet;
    case LASTACK_TRACE_TIMER_CANCELLED:
      return TraceKind::kTimerCancelled;
    case LASTACK_TRACE_TIMER_EXPIRED:
      return TraceKind::kTimerExpired;
    case LASTACK_TRACE_MINI_RECEIVED:
      return TraceKind::kMiniReceived;
    case LASTACK_TRACE_RST_SENT:
      return TraceKind::kRstSent;
    case LASTACK_TRACE_RST_RECEIVED:
      return TraceKind::kRstReceived;
    case LASTACK_TRACE_RETRANSMITTED:
      return TraceKind::kRetransmitted;
    case LASTACK_TRACE_DESTROYED:
      return TraceKind::kDestroyed;
  }
  return TraceKind::kDestroyed;
}

SocketAddress AddressOf(const lastack_trace_event& raw, const unsigned char* bytes, uint16_t port) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(raw.v6 != 0 ? AF_INET6 : AF_INET, bytes, text.data(), text.size());
  return Unmapped({text.data(), port});
}

std::string ReasonOf(const lastack_trace_event& raw, const std::vector<std::string>& reasons) {
  const bool named = raw.reason < reasons.size() && !reasons[raw.reason].empty();
  return named ? reasons[raw.reason] : std::to_string(raw.reason);
}

State StateOf(unsigned char linux_state) {
  return StateFromLinux(linux_state).value_or(State::kClosed);
}

}  // namespace

TracedEvent Decode(const lastack_trace_event& raw,
                   const std::vector<std::string>& reasons,
                   Duration tick) {
  TracedEvent event{.t_ns = static_cast<int64_t>(raw.t_ns),
                    .data = {.what = KindOf(raw),
                             .cookie = raw.cookie,
                             .local = AddressOf(raw, raw.local, raw.local_port),
                             .remote = AddressOf(raw, raw.remote, raw.remote_port)},
                    .pid = static_cast<int>(raw.pid),
                    .comm = std::string(raw.comm, strnlen(raw.comm, sizeof raw.comm))};
  switch (event.data.what) {
    case TraceKind::kState:
      event.data.from = StateOf(raw.old_state);
      event.data.to = StateOf(raw.new_state);
      break;
    case TraceKind::kTimerSet:
    case TraceKind::kTimerCancelled:
    case TraceKind::kTimerExpired:
    case TraceKind::kMiniReceived:
      event.data.to = StateOf(raw.new_state);
      event.data.left = tick * raw.left_ticks;
      event.data.flags = event.data.what == TraceKind::kMiniReceived
                             ? ToString(FlagsFromBits(raw.tcp_flags))
                             : std::string();
      break;
    case TraceKind::kRstSent:
      event.data.reason = ReasonOf(raw, reasons);
      break;
    case TraceKind::kRstReceived:
    case TraceKind::kRetransmitted:
    case TraceKind::kDestroyed:
      break;
  }
  return event;
}

}  // namespace lastack

// The members of every kind of event as JSON names them: one description serves the writer and the
// reader.
//
// `visit` is either; it has Required(key, member) and Optional(key, member). An optional member is
// left out where it is empty (no text, zero, false, nothing). Private to record/; the shapes are
// documented in docs/evidence.md and docs/protocols.md.
#pragma once

#include <array>
#include <concepts>
#include <optional>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "record/event.h"

namespace lastack {

// The `kind` of each alternative of EventData, in its order.
constexpr std::array<std::string_view, std::variant_size_v<EventData>> kEventKinds = {
    "run_started",    "step_started",   "step_finished",    "call_started",   "call_finished",
    "call_abandoned", "peer_spawned",   "peer_exited",      "kernel_sampled", "wait_finished",
    "signal_sent",    "host_changed",   "socket_destroyed", "counters_read",  "rebound",
    "clock_read",     "capture_closed", "probe_read",       "blind_spot",     "wire_changed",
    "wire_decided",   "wire_closed",    "kernel_traced",    "trace_closed"};

// Enumerators as text and back.
[[nodiscard]] inline std::string_view EnumToText(Family family) {
  return ToString(family);
}
[[nodiscard]] inline std::string_view EnumToText(State state) {
  return ToString(state);
}
[[nodiscard]] inline std::string_view EnumToText(Clock clock) {
  switch (clock) {
    case Clock::kMonotonic:
      return "monotonic";
    case Clock::kRealtime:
      return "realtime";
  }
  return "";
}
[[nodiscard]] inline std::string_view EnumToText(SampleKind kind) {
  switch (kind) {
    case SampleKind::kNone:
      return "none";
    case SampleKind::kSocket:
      return "socket";
    case SampleKind::kTimeWait:
      return "time-wait";
    case SampleKind::kRequest:
      return "request";
  }
  return "";
}

[[nodiscard]] inline std::string_view EnumToText(WireDecision decision) {
  switch (decision) {
    case WireDecision::kDropped:
      return "dropped";
    case WireDecision::kHeld:
      return "held";
    case WireDecision::kReleased:
      return "released";
    case WireDecision::kDuplicated:
      return "duplicated";
    case WireDecision::kInjected:
      return "injected";
    case WireDecision::kCut:
      return "cut";
  }
  return "";
}

[[nodiscard]] inline std::string_view EnumToText(TraceKind kind) {
  switch (kind) {
    case TraceKind::kState:
      return "state";
    case TraceKind::kTimerSet:
      return "timer set";
    case TraceKind::kTimerCancelled:
      return "timer cancelled";
    case TraceKind::kTimerExpired:
      return "timer expired";
    case TraceKind::kMiniReceived:
      return "mini-socket received";
    case TraceKind::kRstSent:
      return "RST sent";
    case TraceKind::kRstReceived:
      return "RST received";
    case TraceKind::kRetransmitted:
      return "retransmitted";
    case TraceKind::kDestroyed:
      return "destroyed";
  }
  return "";
}

template <typename Enum>
[[nodiscard]] std::vector<Enum> AllOf();
template <>
[[nodiscard]] inline std::vector<Family> AllOf() {
  return {Family::kV4, Family::kV6, Family::kMapped};
}
template <>
[[nodiscard]] inline std::vector<State> AllOf() {
  return AllStates();
}
template <>
[[nodiscard]] inline std::vector<Clock> AllOf() {
  return {Clock::kMonotonic, Clock::kRealtime};
}
template <>
[[nodiscard]] inline std::vector<SampleKind> AllOf() {
  return {SampleKind::kNone, SampleKind::kSocket, SampleKind::kTimeWait, SampleKind::kRequest};
}
template <>
[[nodiscard]] inline std::vector<WireDecision> AllOf() {
  return {WireDecision::kDropped,
          WireDecision::kHeld,
          WireDecision::kReleased,
          WireDecision::kDuplicated,
          WireDecision::kInjected,
          WireDecision::kCut};
}

template <>
[[nodiscard]] inline std::vector<TraceKind> AllOf() {
  return {TraceKind::kState,
          TraceKind::kTimerSet,
          TraceKind::kTimerCancelled,
          TraceKind::kTimerExpired,
          TraceKind::kMiniReceived,
          TraceKind::kRstSent,
          TraceKind::kRstReceived,
          TraceKind::kRetransmitted,
          TraceKind::kDestroyed};
}

template <typename Enum>
[[nodiscard]] std::optional<Enum> EnumFromText(std::string_view text) {
  for (const Enum value : AllOf<Enum>()) {
    if (EnumToText(value) == text) {
      return value;
    }
  }
  return std::nullopt;
}

// T, for a writer also const T.
template <typename T, typename Of>
concept Is = std::same_as<std::remove_const_t<T>, Of>;

template <typename Visitor>
void DescribeMembers(Visitor& visit, Is<Event> auto& event) {
  visit.Required("id", event.id);
  visit.Required("source", event.source);
  visit.Required("clock", event.clock);
  visit.Required("t", event.t_ns);
}

template <typename Visitor>
void DescribeMembers(Visitor& visit, Is<Endpoint> auto& endpoint) {
  visit.Required("name", endpoint.name);
  visit.Required("family", endpoint.family);
  visit.Required("local", endpoint.local);
  visit.Optional("remote", endpoint.remote);
  visit.Optional("cookie", endpoint.cookie);
}

template <typename Visitor>
void DescribeMembers(Visitor& visit, Is<StateSample> auto& sample) {
  visit.Required("name", sample.endpoint);
  visit.Required("state", sample.state);
  visit.Required("kind", sample.kind);
  visit.Optional("cookie", sample.cookie);
  visit.Optional("timer", sample.timer);
  if (!sample.timer.empty()) {
    visit.Required("expires", sample.expires);
  }
}

template <typename Visitor>
void DescribeMembers(Visitor& visit, Is<CallResult> auto& result) {
  visit.Required("name", result.name);
  visit.Required("t0", result.t0_ns);
  visit.Required("t1", result.t1_ns);
  visit.Optional("value", result.value);
  visit.Optional("error", result.error);
  visit.Optional("failed_call", result.failed_call);
  visit.Optional("eof", result.eof);
  visit.Optional("events", result.events);
  visit.Optional("seconds", result.seconds);
  visit.Optional("socket", result.socket);
}

template <typename Visitor>
void DescribeMembers(Visitor& visit, Is<RunStarted> auto& data) {
  visit.Required("run", data.id);  // "id" is the event's
  visit.Required("version", data.version);
  visit.Required("kernel", data.kernel);
  visit.Required("addresses", data.addresses);
  visit.Optional("sysctl", data.sysctl);
}

template <typename Visitor>
void DescribeMembers(Visitor& visit, Is<StepStarted> auto& data) {
  visit.Required("step", data.step);
}

template <typename Visitor>
void DescribeMembers(Visitor& visit, Is<StepFinished> auto& data) {
  visit.Required("step", data.step);
  visit.Optional("problem", data.problem);
}

template <typename Visitor>
void DescribeMembers(Visitor& visit, Is<CallStarted> auto& data) {
  visit.Required("call", data.call);
  visit.Required("step", data.step);
  visit.Required("peer", data.peer);
  visit.Required("text", data.text);
  visit.Optional("on", data.on);
}

template <typename Visitor>
void DescribeMembers(Visitor& visit, Is<CallFinished> auto& data) {
  visit.Required("call", data.call);
  visit.Required("step", data.step);
  visit.Required("peer", data.peer);
  visit.Required("results", data.results);
}

template <typename Visitor>
void DescribeMembers(Visitor& visit, Is<CallAbandoned> auto& data) {
  visit.Required("call", data.call);
  visit.Required("step", data.step);
  visit.Required("peer", data.peer);
  visit.Required("killed", data.killed);
  visit.Required("exited", data.exited);
}

template <typename Visitor>
void DescribeMembers(Visitor& visit, Is<PeerSpawned> auto& data) {
  visit.Required("peer", data.peer);
  visit.Required("host", data.host);
  visit.Required("pid", data.pid);
}

template <typename Visitor>
void DescribeMembers(Visitor& visit, Is<PeerExited> auto& data) {
  visit.Required("peer", data.peer);
  visit.Required("host", data.host);
  visit.Optional("code", data.code);
  visit.Optional("signal", data.signal);
}

template <typename Visitor>
void DescribeMembers(Visitor& visit, Is<KernelSampled> auto& data) {
  visit.Required("step", data.step);
  visit.Required("host", data.host);
  visit.Required("t0", data.t0_ns);
  visit.Required("t1", data.t1_ns);
  visit.Required("samples", data.samples);
}

template <typename Visitor>
void DescribeMembers(Visitor& visit, Is<WaitFinished> auto& data) {
  visit.Required("step", data.step);
  visit.Required("fulfilled", data.fulfilled);
  visit.Required("took", data.took);
  visit.Optional("saw", data.saw);
}

template <typename Visitor>
void DescribeMembers(Visitor& visit, Is<SignalSent> auto& data) {
  visit.Required("step", data.step);
  visit.Required("peer", data.peer);
  visit.Required("signal", data.signal);
}

template <typename Visitor>
void DescribeMembers(Visitor& visit, Is<HostChanged> auto& data) {
  visit.Required("step", data.step);
  visit.Required("host", data.host);
  visit.Required("what", data.what);
}

template <typename Visitor>
void DescribeMembers(Visitor& visit, Is<SocketDestroyed> auto& data) {
  visit.Required("step", data.step);
  visit.Required("endpoint", data.endpoint);
  visit.Optional("error", data.error);
}

template <typename Visitor>
void DescribeMembers(Visitor& visit, Is<CountersRead> auto& data) {
  visit.Required("step", data.step);
  visit.Required("host", data.host);
  visit.Required("values", data.values);
}

template <typename Visitor>
void DescribeMembers(Visitor& visit, Is<Rebound> auto& data) {
  visit.Required("step", data.step);
  visit.Required("host", data.host);
  visit.Required("address", data.address);
  visit.Required("options", data.options);
  visit.Optional("user", data.user);
  visit.Optional("error", data.error);
  visit.Optional("failed_call", data.failed_call);
  visit.Required("latency", data.latency);
  visit.Required("attempts", data.attempts);
  visit.Required("t0", data.t0_ns);
  visit.Required("t1", data.t1_ns);
}

template <typename Visitor>
void DescribeMembers(Visitor& visit, Is<ClockRead> auto& data) {
  visit.Required("monotonic", data.monotonic_ns);
  visit.Required("realtime", data.realtime_ns);
}

template <typename Visitor>
void DescribeMembers(Visitor& visit, Is<CaptureClosed> auto& data) {
  visit.Required("host", data.host);
  visit.Required("interface", data.interface);
  visit.Required("received", data.received);
  visit.Required("dropped", data.dropped);
}

template <typename Visitor>
void DescribeMembers(Visitor& visit, Is<ProbeRead> auto& data) {
  visit.Required("name", data.name);
  visit.Required("step", data.step);
  visit.Required("value", data.value);
  visit.Required("margin", data.margin);
}

template <typename Visitor>
void DescribeMembers(Visitor& visit, Is<BlindSpot> auto& data) {
  visit.Required("witness", data.witness);
  visit.Required("what", data.what);
}

template <typename Visitor>
void DescribeMembers(Visitor& visit, Is<WireChanged> auto& data) {
  visit.Required("step", data.step);
  visit.Required("what", data.what);
}

template <typename Visitor>
void DescribeMembers(Visitor& visit, Is<WireSegment> auto& segment) {
  visit.Required("source", segment.source);
  visit.Required("destination", segment.destination);
  visit.Required("seq", segment.seq);
  visit.Required("ack", segment.ack);
  visit.Required("flags", segment.flags);
  visit.Required("len", segment.len);
}

template <typename Visitor>
void DescribeMembers(Visitor& visit, Is<WireDecided> auto& data) {
  visit.Optional("rule", data.rule);
  visit.Required("what", data.what);
  visit.Required("from", data.from);
  visit.Required("segment", data.segment);
}

template <typename Visitor>
void DescribeMembers(Visitor& visit, Is<WireClosed> auto& data) {
  visit.Required("rules", data.rules);
  visit.Required("forwarded", data.forwarded);
  visit.Required("missed", data.missed);
}

template <typename Visitor>
void DescribeMembers(Visitor& visit, Is<KernelTraced> auto& data) {
  visit.Required("host", data.host);
  visit.Required("what", data.what);
  visit.Optional("cookie", data.cookie);
  visit.Required("local", data.local);
  visit.Required("remote", data.remote);
  visit.Optional("from", data.from);
  visit.Optional("to", data.to);
  visit.Optional("left", data.left);
  visit.Optional("reason", data.reason);
  visit.Optional("flags", data.flags);
}

template <typename Visitor>
void DescribeMembers(Visitor& visit, Is<TraceClosed> auto& data) {
  visit.Required("host", data.host);
  visit.Required("lost", data.lost);
  visit.Required("missed", data.missed);
}

}  // namespace lastack

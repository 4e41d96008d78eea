// Everything in a scenario as text, so that tests can compare two of them.
#pragma once

#include <string>
#include <variant>

#include "scenario/model.h"

namespace lastack {

// Appends members as they come; one overload for each kind of value.
class ScenarioText {
 public:
  void Add(const std::string& value) { text_ += value + "|"; }
  void Add(const char* value) { text_ += std::string(value) + "|"; }
  void Add(std::string_view value) { text_ += std::string(value) + "|"; }
  template <typename T>
  requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  void Add(T value) { text_ += std::to_string(static_cast<int64_t>(value)) + "|"; }
  void Add(Duration value) { Add(value.count()); }
  void Add(const Place& value) { AddAll(value.line, value.column); }
  void Add(const AddressRef& value) { AddAll(value.host, value.name); }
  void Add(const Destination& value) { AddAll(value.address, value.port); }
  void Add(const SocketOption& value) { AddAll(value.name, value.value, value.seconds); }
  void Add(const Outcome& value) { AddAll(value.index(), ToString(value)); }
  template <typename T>
  void Add(const Range<T>& value) {
    AddAll(value.min, value.max);
  }
  template <typename T>
  void Add(const std::optional<T>& value) {
    value ? Add(*value) : Add("nothing");
  }
  template <typename A, typename B>
  void Add(const std::pair<A, B>& value) {
    AddAll(value.first, value.second);
  }
  template <typename T>
  void Add(const std::vector<T>& values) {
    Add(values.size());
    for (const T& value : values) {
      Add(value);
    }
  }
  void Add(const Expected& e) { AddAll(e.outcome, e.took, e.place, e.took_place); }
  void Add(const ClaimRef& c) { AddAll(c.id, c.confirms, c.when, c.place); }
  void Add(const HostSpec& h) { AddAll(h.name, h.sysctl, h.delayed_ack, h.user); }
  void Add(const PeerSpec& p) { AddAll(p.name, p.host, p.user, p.on_term, p.forked); }
  void Add(const EndpointDecl& e) { AddAll(e.name, e.peer, e.host, e.kind, e.family); }
  void Add(const ExpectedStates& e) { AddAll(e.endpoint, e.states, e.places, e.place); }
  void Add(const ExpectedSegment& s) {
    AddAll(s.from, s.flags, s.fate, s.times, s.bytes, s.seq, s.reasons, s.place);
  }
  void Add(const ExpectedSegments& s) { AddAll(s.connection, s.segments, s.place); }
  void Add(const CallStep& s) {
    AddAll(s.peer,
           s.call,
           s.on,
           s.as,
           s.family,
           s.local,
           s.remote,
           s.options,
           s.backlog,
           s.bytes,
           s.until_full,
           s.until_eof,
           s.more,
           s.how,
           s.events,
           s.timeout,
           s.code,
           s.to_peer,
           s.within,
           s.async,
           s.expected);
  }
  void Add(const SignalStep& s) { AddAll(s.peer, s.signal); }
  void Add(const HostStep& s) { AddAll(s.host, s.action); }
  void Add(const DestroyStep& s) { Add(s.endpoint); }
  void Add(const CounterStep& s) {
    Add(s.host);
    for (const auto& counter : s.expected) {
      Add(counter);
    }
  }
  void Add(const RebindStep& s) {
    AddAll(s.host, s.family, s.local, s.on, s.options, s.user, s.until_ok, s.within, s.async);
    Add(s.expected);
  }
  void Add(const WaitState& w) { Add(w.states); }
  void Add(const SegmentMatch& m) {
    AddAll(m.from, m.flags, m.only, m.nth, m.has_bytes, m.seq, m.connection);
  }
  void Add(const WireRule& r) {
    AddAll(r.name, r.action, r.match, r.sees, r.behind, r.step, r.after, r.place);
  }
  void Add(const AddRule& a) { Add(a.rule); }
  void Add(const RemoveRule& r) { Add(r.name); }
  void Add(const ReleaseRule& r) { Add(r.name); }
  void Add(const CutLink& /*cut*/) { Add("cut"); }
  void Add(const MendLink& /*mend*/) { Add("mend"); }
  void Add(const SequenceChoice& c) { AddAll(c.next, c.offset); }
  void Add(const Inject& i) {
    AddAll(i.connection, i.from, i.flags, i.seq, i.ack, i.bytes, i.icmp);
  }
  void Add(const WireStep& s) {
    Add(s.what.index());
    std::visit([&](const auto& what) { Add(what); }, s.what);
  }
  void Add(const WaitSegment& w) { Add(w.match); }
  void Add(const WaitCall& w) { Add(w.name); }
  void Add(const WaitExit& w) { Add(w.peer); }
  void Add(const WaitFor& w) { AddAll(w.duration, w.holds); }
  void Add(const WaitStep& s) {
    std::visit([&](const auto& what) { Add(what); }, s.what);
    AddAll(s.what.index(), s.within, s.took, s.took_place);
  }
  void Add(const Step& s) {
    AddAll(s.place, s.text, s.what.index());
    std::visit([&](const auto& what) { Add(what); }, s.what);
    text_ += "\n";
  }

  template <typename... Ts>
  void AddAll(const Ts&... values) {
    (Add(values), ...);
  }

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

inline std::string AllTextOf(const Scenario& s) {
  ScenarioText text;
  text.AddAll(s.id,
              s.file,
              s.title,
              s.about,
              s.refs,
              s.claims,
              s.labels,
              s.needs,
              s.matrix,
              s.family,
              s.hosts,
              s.wire,
              s.link_delay,
              s.rules,
              s.peers,
              s.endpoints,
              s.steps,
              s.states,
              s.segments,
              s.place);
  return text.text();
}

}  // namespace lastack

#include "report/documents.h"

#include <algorithm>
#include <variant>

#include <nlohmann/json.hpp>

#include "judge/app.h"
#include "judge/reconstruct.h"
#include "judge/steps.h"
#include "record/event_json.h"
#include "report/result_text.h"

namespace lastack {
namespace {

using nlohmann::json;

constexpr int kIndent = 1;
constexpr double kNsPerMs = 1e6;
constexpr double kNsPerUs = 1e3;

json WitnessJson(const WitnessReport& report) {
  return {{"verdict", std::string(ToString(report.verdict))},
          {"source", report.source},
          {"blind_spots", report.blind_spots}};
}

json FindingsJson(const Scenario& scenario, const Judgement& judgement) {
  json findings = json::array();
  for (const Finding& finding : judgement.findings) {
    json entry = {{"witness", std::string(ToString(finding.witness))},
                  {"weight", std::string(ToString(finding.weight))},
                  {"expected", finding.expected},
                  {"actual", finding.actual},
                  {"file", scenario.file},
                  {"line", finding.place.line},
                  {"column", finding.place.column},
                  {"events", finding.events},
                  {"packets", finding.packets}};
    if (!finding.host.empty()) {
      entry["host"] = finding.host;
    }
    if (!finding.note.empty()) {
      entry["note"] = finding.note;
    }
    findings.push_back(std::move(entry));
  }
  return findings;
}

json StatesJson(const EndpointTrace& trace) {
  struct Seen {
    int64_t t_ns;
    State state;
    const char* witness;
  };
  std::vector<Seen> seen;
  for (const WireState& wire : trace.wire) {
    seen.push_back({wire.t_ns, wire.state, "wire"});
  }
  for (const ToldState& kernel : KernelsWord(trace)) {
    seen.push_back({kernel.t_ns, kernel.state, "kernel"});
  }
  std::stable_sort(
      seen.begin(), seen.end(), [](const Seen& a, const Seen& b) { return a.t_ns < b.t_ns; });
  json states = json::array();
  for (const Seen& one : seen) {
    states.push_back({{"state", std::string(ToString(one.state))},
                      {"at_ns", one.t_ns},
                      {"witness", one.witness}});
  }
  return states;
}

// TIME-WAIT as its mini-socket lived it; null if the endpoint did not come to it.
json TimeWaitJson(const KernelLife& life) {
  const auto begin = std::ranges::find(life.transitions, State::kTimeWait, &KernelTransition::to);
  if (!life.mini || begin == life.transitions.end()) {
    return nullptr;
  }
  json time_wait = {{"begin_ns", begin->t_ns},
                    {"planned_end_ns", life.mini->planned_end_ns},
                    {"end", std::string(ToString(life.mini->end))}};
  if (life.mini->end != MiniEnd::kNotYet) {
    time_wait["end_ns"] = life.mini->end_ns;
  }
  return time_wait;
}

json EndpointJson(const EndpointTrace& trace) {
  json entry = {{"name", trace.endpoint.name},
                {"host", trace.host},
                {"address", ToString(trace.endpoint.local)},
                {"states", StatesJson(trace)}};
  if (trace.endpoint.remote) {
    entry["remote"] = ToString(*trace.endpoint.remote);
  }
  if (trace.life) {
    entry["retransmissions"] = trace.life->retransmissions;
    if (json time_wait = TimeWaitJson(*trace.life); !time_wait.is_null()) {
      entry["time_wait"] = std::move(time_wait);
    }
  }
  return entry;
}

json SegmentJson(const SeenSegment& seen) {
  json entry = {{"host", seen.host},
                {"packet", seen.packet},
                {"at_ns", seen.t_ns},
                {"direction", seen.sent ? "out" : "in"},
                {"source", ToString(seen.segment.source)},
                {"destination", ToString(seen.segment.destination)},
                {"flags", ToString(seen.segment.flags)},
                {"seq", seen.segment.seg_seq},
                {"ack", seen.segment.seg_ack},
                {"bytes", seen.segment.seg_len}};
  if (!seen.reason.empty()) {
    entry["reason"] = seen.reason;
  }
  return entry;
}

json CallsJson(const Scenario& scenario, const Evidence& evidence) {
  json calls = json::array();
  for (const auto& [event, started] : Select<CallStarted>(evidence.events)) {
    const bool known =
        started->step >= 0 && static_cast<size_t>(started->step) < scenario.steps.size();
    const Step* step = known ? &scenario.steps[static_cast<size_t>(started->step)] : nullptr;
    const auto* call = step == nullptr ? nullptr : std::get_if<CallStep>(&step->what);
    const auto end = EndOfCall(evidence.events, started->step);
    json entry = {{"event", event->id},
                  {"step", started->step},
                  {"line", step == nullptr ? 0 : step->place.line},
                  {"peer", started->peer},
                  {"call", started->text},
                  {"at_ns", event->t_ns},
                  {"result", call != nullptr && end ? Describe(*call, *end) : "still in the call"}};
    if (end && !end->results.empty()) {
      entry["took_us"] =
          static_cast<double>(end->results.back().t1_ns - end->results.front().t0_ns) / kNsPerUs;
    }
    calls.push_back(std::move(entry));
  }
  return calls;
}

json RebindsJson(const Evidence& evidence) {
  json rebinds = json::array();
  for (const auto& [event, rebound] : Select<Rebound>(evidence.events)) {
    rebinds.push_back({{"host", rebound->host},
                       {"address", ToString(rebound->address)},
                       {"options", rebound->options},
                       {"result", rebound->error.empty() ? "ok" : rebound->error},
                       {"latency_us", static_cast<double>(rebound->latency.count()) / kNsPerUs},
                       {"attempts", rebound->attempts}});
  }
  return rebinds;
}

// Writes a document member by member and a list entry by entry, so that a run with thousands of
// segments does not have to stand in memory as a tree of JSON values.
class Document {
 public:
  void Member(const std::string& key, const json& value) {
    Key(key);
    text_ += Dump(value);
  }
  template <typename List, typename ToEntry>
  void Entries(const std::string& key, const List& list, const ToEntry& to_entry) {
    Key(key);
    text_ += "[";
    const char* separator = "\n";
    for (const auto& one : list) {
      text_ += separator + Dump(to_entry(one));
      separator = ",\n";
    }
    text_ += "]";
  }
  [[nodiscard]] std::string Finish() { return std::move(text_) + "\n}\n"; }

 private:
  static std::string Dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
  }
  void Key(const std::string& key) { text_ += (text_.empty() ? "{\n" : ",\n") + Dump(key) + ": "; }

  std::string text_;
};

std::string KindName(TimelineEntry::Kind kind) {
  switch (kind) {
    case TimelineEntry::Kind::kStep:
      return "step";
    case TimelineEntry::Kind::kCall:
      return "call";
    case TimelineEntry::Kind::kSegment:
      return "segment";
    case TimelineEntry::Kind::kKernelState:
      return "kernel_state";
    case TimelineEntry::Kind::kEvent:
      return "event";
  }
  return "";
}

json TimelineEntryJson(const TimelineEntry& entry) {
  json one = {{"kind", KindName(entry.kind)},
              {"at_ns", entry.t_ns},
              {"host", entry.host},
              {"text", entry.text}};
  if (entry.kind == TimelineEntry::Kind::kSegment) {
    one["sent_packet"] = entry.sent_packet;
    one["received_packet"] = entry.received_packet;
    if (entry.lost) {
      one["lost"] = true;
    }
    if (entry.injected) {
      one["injected"] = true;
    }
    one["received_ns"] = entry.received_ns;
    one["bytes"] = entry.bytes;
    if (!entry.reason.empty()) {
      one["reason"] = entry.reason;
    }
    one["sender_state"] = entry.sender_state;
    one["receiver_state"] = entry.receiver_state;
  }
  return one;
}

}  // namespace

std::string ResultDocument(const Scenario& scenario,
                           const Evidence& evidence,
                           const Judgement& judgement) {
  const Reconstruction what = Reconstruct(scenario, evidence);
  const auto started = Select<RunStarted>(evidence.events);
  Document document;
  document.Member("schema", "lastack.result/1");
  document.Member("id", scenario.id);
  document.Member("verdict", std::string(ToString(judgement.verdict)));
  document.Member("headline", judgement.headline);
  document.Member("kernel", started.empty() ? "" : started.front().data->kernel);
  document.Member("sysctl", started.empty() ? json::object() : json(started.front().data->sysctl));
  document.Member("witnesses",
                  {{"wire", WitnessJson(judgement.wire)},
                   {"kernel", WitnessJson(judgement.kernel)},
                   {"app", WitnessJson(judgement.app)}});
  document.Member("findings", FindingsJson(scenario, judgement));
  document.Entries("endpoints", what.endpoints, EndpointJson);
  document.Entries("segments", what.segments, SegmentJson);
  document.Member("calls", CallsJson(scenario, evidence));
  document.Member("rebinds", RebindsJson(evidence));
  return document.Finish();
}

std::string TimelineDocument(const std::string& id, const Timeline& timeline) {
  Document document;
  document.Member("schema", "lastack.timeline/1");
  document.Member("id", id);
  document.Entries("ends", timeline.ends, [](const TimelineEnd& end) {
    return json{{"host", end.host}, {"title", end.title}};
  });
  document.Entries("entries", timeline.entries, TimelineEntryJson);
  return document.Finish();
}

std::string SuiteDocument(const std::string& kernel,
                          const std::vector<RunResult>& results,
                          Duration wall) {
  const Totals totals = CountVerdicts(results);
  json list = json::array();
  for (const RunResult& result : results) {
    list.push_back({{"id", result.id},
                    {"file", result.file},
                    {"line", LineOf(result)},
                    {"verdict", std::string(ToString(result.verdict))},
                    {"headline", result.headline},
                    {"duration_ms", static_cast<double>(result.duration.count()) / kNsPerMs},
                    {"evidence", result.evidence}});
  }
  const json document = {{"schema", "lastack.suite/1"},
                         {"kernel", kernel},
                         {"wall_ms", static_cast<double>(wall.count()) / kNsPerMs},
                         {"totals",
                          {{"passed", totals.passed},
                           {"failed", totals.failed},
                           {"inconclusive", totals.inconclusive},
                           {"errors", totals.errors},
                           {"skipped", totals.skipped}}},
                         {"results", std::move(list)}};
  return document.dump(kIndent, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace lastack

// The document lastack.restart/1, and the evidence folder.
#include <filesystem>
#include <system_error>

#include <nlohmann/json.hpp>

#include "base/signal_name.h"
#include "record/event_json.h"
#include "record/pcapng.h"
#include "record/store.h"
#include "restart/report.h"

namespace lastack {
namespace {

using nlohmann::json;

constexpr int kIndent = 1;
constexpr uint32_t kSnaplen = 256;

// From the death on; null where it did not come to that.
json Since(const RestartFacts& facts, int64_t t_ns) {
  return t_ns == 0 ? json() : json(t_ns - facts.death.death_ns);
}

json ProcessesJson(const std::vector<ServerProcess>& processes) {
  json list = json::array();
  for (const ServerProcess& process : processes) {
    list.push_back({{"pid", process.pid}, {"name", process.name}});
  }
  return list;
}

json OptionsJson(const SocketOptions& options) {
  return {{"SO_REUSEADDR", options.reuseaddr},
          {"SO_REUSEPORT", options.reuseport},
          {"SO_LINGER", options.linger ? json(*options.linger) : json()},
          {"IPV6_V6ONLY", options.v6only},
          {"TCP_DEFER_ACCEPT", options.defer_accept}};
}

json ListenersJson(const RestartFacts& facts) {
  json list = json::array();
  for (const ListenerSeen& listener : facts.listeners) {
    json entry = {{"address", {listener.address.address, listener.address.port}},
                  {"holders", ProcessesJson(listener.holders)},
                  {"options", listener.options ? OptionsJson(*listener.options) : json()}};
    if (!listener.problem.empty()) {
      entry["problem"] = listener.problem;
    }
    list.push_back(std::move(entry));
  }
  return list;
}

json LeftJson(const std::vector<Left>& left) {
  json list = json::array();
  for (const Left& group : left) {
    list.push_back({{"state", std::string(ToString(group.state))},
                    {"count", group.count},
                    {"held", group.held},
                    {"longest_ns", group.longest ? json(group.longest->count()) : json()}});
  }
  return list;
}

json StartsJson(const RestartFacts& facts) {
  json list = json::array();
  for (const Start& start : facts.starts) {
    list.push_back({{"at_ns", Since(facts, start.started_ns)},
                    {"ended_ns", Since(facts, start.ended_ns)},
                    {"how", start.how},
                    {"output", start.output}});
  }
  return list;
}

json RequestJson(const RestartRequest& request) {
  return {{"command", request.command},
          {"port", request.port},
          {"signal", request.signal == kNoSignal ? "none" : SignalName(request.signal)},
          {"signal_all", request.signal_all},
          {"clients", std::string(ToString(request.clients))},
          {"client", request.client},
          {"ready", ToString(request.ready)},
          {"within_ns", request.within.count()},
          {"until_served", request.until_served},
          {"request_bytes", request.request.size()},
          {"pidfile", request.pidfile},
          {"user", request.user}};
}

json ClientsJson(const RestartFacts& facts) {
  const ClientsSeen& seen = facts.clients;
  return {{"asked", facts.connections.asked},
          {"open", facts.connections.open},
          {"accepted", facts.connections.accepted},
          {"end_of_file", seen.end_of_file},
          {"reset", seen.reset},
          {"reconnected", seen.reconnected},
          {"refused", seen.refused},
          {"longest_gap_ns", seen.longest_gap.count()}};
}

json DocumentJson(const RestartFacts& facts,
                  const Diagnosis& diagnosis,
                  const std::string& evidence) {
  const Served& served = facts.served;
  json probe;
  if (facts.probe) {
    probe = {{"plain", facts.probe->plain.empty() ? "ok" : facts.probe->plain},
             {"reuseaddr", facts.probe->reuseaddr.empty() ? "ok" : facts.probe->reuseaddr}};
  }
  return {{"schema", "lastack.restart/1"},
          {"kernel", facts.kernel},
          {"request", RequestJson(facts.request)},
          {"in_time", IsBackInTime(facts)},
          {"served", IsServed(facts)},
          {"downtime_ns", Downtime(facts).count()},
          {"diagnosis",
           {{"cause", std::string(ToString(diagnosis.cause))},
            {"sentence", diagnosis.sentence},
            {"remedy", diagnosis.remedy},
            {"still_ns", diagnosis.still ? json(diagnosis.still->count()) : json()}}},
          {"target", {facts.target.address, facts.target.port}},
          {"main", {{"pid", facts.main.pid}, {"name", facts.main.name}}},
          {"ready_ns", facts.ready_ns},
          {"listeners", ListenersJson(facts)},
          {"accepted_options",
           {{"read", facts.accepted.read},
            {"SO_REUSEADDR", facts.accepted.reuseaddr},
            {"SO_REUSEPORT", facts.accepted.reuseport},
            {"linger_zero", facts.accepted.linger_zero}}},
          {"clients", ClientsJson(facts)},
          {"death",
           {{"how", facts.death.how},
            {"took_ns",
             facts.death.signal_ns == 0 ? json()
                                        : json(facts.death.death_ns - facts.death.signal_ns)}}},
          {"survivors", ProcessesJson(facts.survivors)},
          {"survivors_with_listener", ProcessesJson(facts.survivors_with_listener)},
          {"left", LeftJson(facts.left)},
          {"left_at_end", LeftJson(facts.left_at_end)},
          {"start_count", facts.start_count},
          {"starts", StartsJson(facts)},
          {"breakdown_ns",
           {{"listening", Since(facts, served.listen_ns)},
            {"connected", Since(facts, served.connected_ns)},
            {"accepted", Since(facts, served.accepted_ns)},
            {"answered", Since(facts, served.answered_ns)},
            {"served", Since(facts, served.served_ns)}}},
          {"bind", std::move(probe)},
          {"evidence", evidence}};
}

PcapngHeader HeaderOf(const RestartFacts& facts,
                      const Diagnosis& diagnosis,
                      const Evidence& evidence,
                      const Capture& capture) {
  PcapngHeader header;
  header.comments = {diagnosis.sentence};
  header.application = std::string("lastack ") + LASTACK_VERSION;
  header.os = "Linux " + facts.kernel;
  header.snaplen = kSnaplen;
  for (const std::string& interface : capture.interfaces) {
    header.dropped.push_back(DroppedFrames(evidence, capture.host, interface));
  }
  return header;
}

}  // namespace

std::string RestartDocument(const RestartFacts& facts,
                            const Diagnosis& diagnosis,
                            const std::string& evidence) {
  return DocumentJson(facts, diagnosis, evidence)
             .dump(kIndent, ' ', false, json::error_handler_t::replace) +
         "\n";
}

Status WriteRestartEvidence(const std::string& directory,
                            const RestartFacts& facts,
                            const Diagnosis& diagnosis,
                            const Evidence& evidence) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    return Fail(SystemError("cannot make the evidence folder " + directory, error.value()));
  }
  std::string events;
  for (const Event& event : evidence.events) {
    events += EventToJson(event) + "\n";
  }
  Status done = WriteFileAtomically(directory + "/events.jsonl", events);
  for (const Capture& capture : evidence.captures) {
    if (done) {
      done = WriteFileAtomically(
          directory + "/" + capture.host + ".pcapng",
          EncodePcapng(capture, HeaderOf(facts, diagnosis, evidence, capture), 1));
    }
  }
  return done ? WriteFileAtomically(directory + "/restart.json",
                                    RestartDocument(facts, diagnosis, directory))
              : done;
}

}  // namespace lastack

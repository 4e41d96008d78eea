#include "host/requests.h"

#include <sys/prctl.h>

#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/errno_name.h"
#include "base/time.h"
#include "host/counters.h"
#include "record/event_json.h"

namespace lastack {
namespace {

using nlohmann::json;

// The answer; nothing if it comes later.
using Answer = Result<std::optional<json>>;

// Handlers may throw json::exception for a member that is missing or of another type; HandleRequest
// answers that.
using Handler = Answer (*)(int64_t id, const json& request, const HostParts& parts);

const std::optional<json> kDone = json::object();
const std::optional<json> kLater;

// A status as an answer: `{}` or the error.
Answer ToAnswer(const Status& status, const std::optional<json>& answer) {
  return status ? Answer(answer) : Answer(Fail(status.error()));
}

Answer Malformed(const std::string& what) {
  return Fail(ErrorKind::kScenario, "malformed request: " + what);
}

Result<std::vector<Endpoint>> SocketsOf(const json& request) {
  std::vector<Endpoint> sockets;
  for (const json& socket : request.at("sockets")) {
    Result<Endpoint> endpoint = EndpointFromJson(socket);
    if (!endpoint) {
      return Fail(endpoint.error());
    }
    sockets.push_back(std::move(*endpoint));
  }
  return sockets;
}

SocketOption OptionFromJson(const json& pair) {
  SocketOption option;
  option.name = pair.at(0).get<std::string>();
  const json& value = pair.at(1);
  option.value = (value.is_array() ? value.at(0) : value).get<int64_t>();
  option.seconds = value.is_array() ? value.at(1).get<int64_t>() : 0;
  return option;
}

Answer Clock(int64_t /*id*/, const json& /*request*/, const HostParts& /*parts*/) {
  const ClockPair clocks = ReadBothClocks();
  return json{{"monotonic", clocks.monotonic_ns}, {"realtime", clocks.realtime_ns}};
}

Answer Capture(int64_t /*id*/, const json& request, const HostParts& parts) {
  const auto interfaces = request.at("interfaces").get<std::vector<std::string>>();
  TapOptions options;
  options.snaplen = request.value("snaplen", options.snaplen);
  options.buffer_bytes = request.value("buffer", options.buffer_bytes);
  json list = json::array();
  for (const std::string& name : interfaces) {
    list.push_back({{"name", name}});
  }
  return ToAnswer(parts.captures->Start(interfaces, options), json{{"interfaces", list}});
}

Answer CaptureStop(int64_t /*id*/, const json& /*request*/, const HostParts& parts) {
  const Result<std::vector<Captures::Closed>> closed = parts.captures->Stop();
  if (!closed) {
    return Fail(closed.error());
  }
  json list = json::array();
  for (const Captures::Closed& tap : *closed) {
    list.push_back({{"name", tap.interface},
                    {"received", tap.counts.received},
                    {"dropped", tap.counts.dropped}});
  }
  return json{{"interfaces", std::move(list)}};
}

Answer Spawn(int64_t id, const json& request, const HostParts& parts) {
  const PeerCommand command{
      request.value("program", ""), request.value("on_term", ""), request.value("user", "")};
  return ToAnswer(parts.peers->Spawn(id, request.at("peer").get<std::string>(), command), kLater);
}

Answer Run(int64_t /*id*/, const json& request, const HostParts& parts) {
  const ProgramCommand command{request.at("command").get<std::vector<std::string>>(),
                               request.value("user", "")};
  if (command.words.empty()) {
    return Malformed("run has no command");
  }
  return parts.programs->Run(request.at("program").get<std::string>(), command)
      .map([](pid_t pid) -> std::optional<json> {
        return json{{"pid", pid}, {"t", MonotonicNs()}};
      });
}

Answer Call(int64_t /*id*/, const json& request, const HostParts& parts) {
  const auto peer = request.at("peer").get<std::string>();
  return ToAnswer(parts.peers->Call(peer, request.at("request").dump()), kDone);
}

Answer Pass(int64_t id, const json& request, const HostParts& parts) {
  PassRequest pass;
  pass.id = id;
  pass.from = request.at("from").get<std::string>();
  pass.to = request.at("to").get<std::string>();
  pass.call = request.at("call").get<int64_t>();
  pass.request = request.at("request").dump();
  parts.peers->Pass(std::move(pass));
  return kLater;
}

Answer Signal(int64_t /*id*/, const json& request, const HostParts& parts) {
  return parts.peers
      ->Signal(request.at("peer").get<std::string>(), request.at("signal").get<std::string>())
      .map([](int64_t t_ns) -> std::optional<json> {
        return json{{"t", t_ns}};
      });
}

Answer Sample(int64_t /*id*/, const json& request, const HostParts& parts) {
  return SocketsOf(request)
      .and_then(
          [&](const std::vector<Endpoint>& sockets) { return SampleNow(parts.diag, sockets); })
      .map(
          [](const Sampling& sampling) -> std::optional<json> { return SamplingToJson(sampling); });
}

Answer AwaitStates(int64_t id, const json& request, const HostParts& parts) {
  Result<std::vector<Endpoint>> sockets = SocketsOf(request);
  if (!sockets) {
    return Fail(sockets.error());
  }
  StateWait wait{id, std::move(*sockets), {}, Duration(request.at("within").get<int64_t>())};
  for (const json& names : request.at("states")) {
    std::vector<State>& states = wait.states.emplace_back();
    for (const json& name : names) {
      const std::optional<State> state = StateFromString(name.get<std::string>());
      if (!state) {
        return Malformed("there is no state " + name.get<std::string>());
      }
      states.push_back(*state);
    }
  }
  if (wait.states.size() != wait.sockets.size()) {
    return Malformed("await_states has not one list of states for each socket");
  }
  parts.waits->Add(std::move(wait));
  return kLater;
}

Answer Destroy(int64_t /*id*/, const json& request, const HostParts& parts) {
  const Result<Endpoint> endpoint = EndpointFromJson(request.at("socket"));
  return endpoint ? ToAnswer(parts.diag->Destroy(*endpoint), kDone) : Fail(endpoint.error());
}

Answer CountersNow(int64_t /*id*/, const json& request, const HostParts& /*parts*/) {
  return ReadCounters(request.at("names").get<std::vector<std::string>>())
      .map([](const Counters& values) -> std::optional<json> {
        return json{{"values", values}, {"t", MonotonicNs()}};
      });
}

Answer StartRebind(int64_t id, const json& request, const HostParts& parts) {
  RebindRequest rebind;
  rebind.id = id;
  const std::optional<Family> family = FamilyFromString(request.at("family").get<std::string>());
  if (!family) {
    return Malformed("there is no family " + request.at("family").get<std::string>());
  }
  rebind.family = *family;
  const json& address = request.at("address");
  rebind.address = {address.at(0).get<std::string>(), address.at(1).get<uint16_t>()};
  for (const json& option : request.value("options", json::array())) {
    rebind.options.push_back(OptionFromJson(option));
  }
  rebind.user = request.value("user", "");
  rebind.until_ok = request.value("until_ok", false);
  rebind.within = Duration(request.value("within", int64_t{0}));
  parts.rebinds->Start(rebind);
  return kLater;
}

Answer Keep(int64_t /*id*/, const json& /*request*/, const HostParts& parts) {
  *parts.keep = true;
  prctl(PR_SET_PDEATHSIG, 0);  // set at the launch: otherwise this host ends with its launcher
  return kDone;
}

const std::map<std::string_view, Handler>& Handlers() {
  static const std::map<std::string_view, Handler> kHandlers = {
      {"clock", Clock},
      {"capture", Capture},
      {"capture_stop", CaptureStop},
      {"spawn", Spawn},
      {"run", Run},
      {"call", Call},
      {"pass", Pass},
      {"signal", Signal},
      {"sample", Sample},
      {"await_states", AwaitStates},
      {"destroy", Destroy},
      {"counters", CountersNow},
      {"rebind", StartRebind},
      {"keep", Keep},
  };
  return kHandlers;
}

Answer Dispatch(int64_t id, const json& request, const HostParts& parts) {
  const auto what = request.at("do").get<std::string>();
  const auto handler = Handlers().find(what);
  return handler == Handlers().end() ? Malformed("there is no request " + what)
                                     : handler->second(id, request, parts);
}

}  // namespace

void HandleRequest(const std::string& line, const HostParts& parts) {
  int64_t id = 0;
  Answer answer = kLater;
  try {
    const json request = json::parse(line);
    id = request.at("id").get<int64_t>();
    answer = Dispatch(id, request, parts);
  } catch (const json::exception& problem) {
    answer = Malformed(problem.what());
  }
  if (!answer) {
    parts.output->Failed(id, answer.error());
  } else if (*answer) {
    parts.output->Ok(id, **answer);
  }
}

json RebindToJson(const RebindOutcome& outcome) {
  json answer = {{"t0", outcome.t0_ns},
                 {"t1", outcome.t1_ns},
                 {"latency", outcome.latency.count()},
                 {"attempts", outcome.attempts}};
  if (outcome.error == 0) {
    answer["value"] = 0;
  } else {
    answer["error"] = ErrnoName(outcome.error);
    answer["failed_call"] = outcome.failed_call;
  }
  return answer;
}

}  // namespace lastack

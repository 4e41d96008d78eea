#include "run/rebind.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "judge/app.h"
#include "run/requests.h"

namespace lastack {
namespace {

using nlohmann::json;

constexpr Duration kAnswerWithin = std::chrono::seconds(10);

// With `on`, the port that the kernel gave that endpoint.
Result<SocketAddress> RebindAddress(RunContext* run, const RebindStep& rebind) {
  SocketAddress address = Resolve(rebind.local, run->testbed);
  if (rebind.on.empty()) {
    return address;
  }
  run->learned = run->book.Learn(*run->scenario, run->recorder->evidence().events, run->learned);
  const KnownEndpoint* known = run->book.Find(rebind.on);
  if (known == nullptr) {
    return Fail(ErrorKind::kSystem, "endpoint " + rebind.on + " has no socket yet");
  }
  address.port = known->endpoint.local.port;
  return address;
}

json Request(const RebindStep& rebind, const SocketAddress& address) {
  json request = {{"do", "rebind"},
                  {"family", std::string(ToString(rebind.family))},
                  {"address", ToJson(address)},
                  {"options", ToJson(rebind.options)},
                  {"until_ok", rebind.until_ok},
                  {"within", rebind.within.count()}};
  if (!rebind.user.empty()) {
    request["user"] = rebind.user;
  }
  return request;
}

// Waits for the answer and records it under the step that asked.
Result<bool> Finish(RunContext* run, const AsyncRebind& under_way, Duration within) {
  const RebindStep& rebind = *under_way.rebind;
  const auto ok = run->session->Await(under_way.request, within);
  if (!ok) {
    return Fail(ok.error());
  }
  const Rebound rebound{.step = under_way.step,
                        .host = rebind.host,
                        .address = under_way.address,
                        .options = OptionsText(rebind.options),
                        .user = rebind.user,
                        .error = ok->value("error", ""),
                        .failed_call = ok->value("failed_call", ""),
                        .latency = Duration(ok->value("latency", int64_t{0})),
                        .attempts = ok->value("attempts", int64_t{0}),
                        .t0_ns = ok->value("t0", int64_t{0}),
                        .t1_ns = ok->value("t1", int64_t{0})};
  run->recorder->Add("host:" + rebind.host, rebound.t1_ns, rebound);
  return !CheckRebind(rebind, rebound);
}

}  // namespace

Result<bool> DoRebind(RunContext* run, const RebindStep& rebind) {
  const auto address = RebindAddress(run, rebind);
  if (!address) {
    return Fail(address.error());
  }
  const auto request = run->session->Send(rebind.host, Request(rebind, *address));
  if (!request) {
    return Fail(request.error());
  }
  const AsyncRebind under_way{
      .rebind = &rebind, .address = *address, .step = run->step, .request = *request};
  if (!rebind.async.empty()) {
    run->rebinds[rebind.async] = under_way;
    return true;
  }
  return Finish(run, under_way, rebind.within + kAnswerWithin);
}

Result<bool> AwaitRebind(RunContext* run,
                         const std::string& name,
                         Duration within,
                         std::string* saw) {
  const AsyncRebind under_way = run->rebinds.at(name);
  const auto answered = run->session->ProcessUntil(
      [&] { return run->session->HasAnswer(under_way.request); }, within);
  if (!answered) {
    return Fail(answered.error());
  }
  if (!*answered) {
    *saw = "it has not ended within " + FormatDuration(within);
    return false;
  }
  run->rebinds.erase(name);
  return Finish(run, under_way, kAnswerWithin);
}

Status FinishRebinds(RunContext* run) {
  for (const auto& [name, under_way] : std::exchange(run->rebinds, {})) {
    if (const auto done = Finish(run, under_way, under_way.rebind->within + kAnswerWithin); !done) {
      return Fail(done.error());
    }
  }
  return {};
}

}  // namespace lastack

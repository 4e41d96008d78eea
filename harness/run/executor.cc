#include "run/executor.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "judge/app.h"
#include "judge/segments.h"
#include "judge/states.h"
#include "judge/steps.h"
#include "record/event_json.h"
#include "run/calls.h"
#include "run/requests.h"
#include "run/sampling.h"

namespace lastack {
namespace {

using nlohmann::json;

constexpr Duration kAnswerWithin = std::chrono::seconds(10);
constexpr Duration kSettleWithin = std::chrono::seconds(1);
constexpr int kSnaplen = 256;  // all headers, and the payload of short segments
const std::vector<std::string> kInterfaces = {"eth0", "lo"};

// Bytes of the kernel's ring for one interface. 1 MiB holds some 2,600 frames of kSnaplen, enough
// for a megabyte of data with its ACKs; each endpoint's opening and closing adds about ten.
int CaptureBuffer(const Scenario& scenario) {
  constexpr int kBase = 1 << 20;
  constexpr int kPerEndpoint = 8 << 10;
  constexpr int kMost = 32 << 20;
  const int wanted = kBase + kPerEndpoint * static_cast<int>(scenario.endpoints.size());
  return std::min(wanted, kMost);
}

// Opening a ring makes the kernel wait for an RCU grace period (8 ms with HZ=250), so all hosts are
// asked at once and the hosts' own peers come up meanwhile.
Status StartCaptures(RunContext* run) {
  std::vector<std::pair<std::string, int64_t>> ids;
  for (const Host& host : run->testbed->hosts()) {
    run->recorder->BeginCapture(host.name, kInterfaces);
    const auto id = run->session->Send(host.name,
                                       {{"do", "capture"},
                                        {"interfaces", kInterfaces},
                                        {"snaplen", kSnaplen},
                                        {"buffer", CaptureBuffer(*run->scenario)}});
    if (!id) {
      return Fail(id.error());
    }
    ids.emplace_back(host.name, *id);
  }
  for (const auto& [host, id] : ids) {
    run->session->YieldSlot();
    if (const auto ok = run->session->Await(id, kAnswerWithin); !ok) {
      return Fail(ok.error());
    }
  }
  return {};
}

Status StopCaptures(RunContext* run) {
  std::vector<std::pair<std::string, int64_t>> ids;
  for (const Host& host : run->testbed->hosts()) {
    const auto id = run->session->Send(host.name, {{"do", "capture_stop"}});
    if (!id) {
      return Fail(id.error());
    }
    ids.emplace_back(host.name, *id);
  }
  for (const auto& [host, id] : ids) {
    const auto ok = run->session->Await(id, kAnswerWithin);
    if (!ok) {
      return Fail(ok.error());
    }
    for (const json& entry : ok->value("interfaces", json::array())) {
      run->recorder->Add(CaptureClosed{host,
                                       entry.value("name", ""),
                                       entry.value("received", int64_t{0}),
                                       entry.value("dropped", int64_t{0})});
    }
  }
  return {};
}

Status ReadClocks(RunContext* run) {
  for (const Host& host : run->testbed->hosts()) {
    const auto ok = run->session->Ask(host.name, {{"do", "clock"}}, kAnswerWithin);
    if (!ok) {
      return Fail(ok.error());
    }
    const auto monotonic = ok->value("monotonic", int64_t{0});
    run->recorder->Add(
        "host:" + host.name, monotonic, ClockRead{monotonic, ok->value("realtime", int64_t{0})});
  }
  return {};
}

std::vector<std::string> CounterNames(const Scenario& scenario, const std::string& host) {
  std::vector<std::string> names;
  for (const Step& step : scenario.steps) {
    if (const auto* counter = std::get_if<CounterStep>(&step.what);
        counter != nullptr && counter->host == host) {
      for (const auto& [name, range] : counter->expected) {
        names.push_back(name);
      }
    }
  }
  return names;
}

Result<CountersRead> ReadCounters(RunContext* run, const std::string& host) {
  const auto ok = run->session->Ask(
      host, {{"do", "counters"}, {"names", CounterNames(*run->scenario, host)}}, kAnswerWithin);
  if (!ok) {
    return Fail(ok.error());
  }
  CountersRead read{.step = run->step, .host = host, .values = {}};
  const json values = ok->value("values", json::object());
  for (const auto& [name, value] : values.items()) {
    read.values[name] = value.is_number_integer() ? value.get<int64_t>() : 0;
  }
  run->recorder->Add("host:" + host, ok->value("t", int64_t{0}), read);
  return read;
}

Result<bool> Do(RunContext* run, const CallStep& call) {
  return DoCall(run, call);
}

Result<bool> Do(RunContext* run, const SignalStep& signal) {
  if (const Status status = EnsurePeer(run, signal.peer); !status) {
    return Fail(status.error());
  }
  if (signal.signal != "STOP" && signal.signal != "CONT") {
    run->session->ExpectExit(signal.peer);
  }
  const std::string& host = FindPeer(*run->scenario, signal.peer)->host;
  const auto ok = run->session->Ask(
      host, {{"do", "signal"}, {"peer", signal.peer}, {"signal", signal.signal}}, kAnswerWithin);
  if (!ok) {
    return Fail(ok.error());
  }
  run->recorder->Add("host:" + host,
                     ok->value("t", int64_t{0}),
                     SignalSent{run->step, signal.peer, signal.signal});
  return true;
}

Result<bool> Do(RunContext* run, const HostStep& host) {
  if (const Status status = run->testbed->ChangeAddress(host.host, host.change); !status) {
    return Fail(status.error());
  }
  const bool removed = host.change == AddressChange::kRemove;
  run->recorder->Add(
      HostChanged{run->step, host.host, removed ? "address removed" : "address added"});
  return true;
}

Result<bool> Do(RunContext* run, const DestroyStep& destroy) {
  run->learned = run->book.Learn(*run->scenario, run->recorder->evidence().events, run->learned);
  const KnownEndpoint* known = run->book.Find(destroy.endpoint);
  if (known == nullptr) {
    return Fail(ErrorKind::kSystem, "endpoint " + destroy.endpoint + " has no socket yet");
  }
  const auto ok = run->session->Ask(
      known->host, {{"do", "destroy"}, {"socket", EndpointToJson(known->endpoint)}}, kAnswerWithin);
  if (!ok) {
    return Fail(ok.error());
  }
  run->recorder->Add(SocketDestroyed{run->step, destroy.endpoint, ok->value("error", "")});
  return ok->value("error", "").empty();
}

Result<bool> Do(RunContext* run, const CounterStep& counter) {
  const auto now = ReadCounters(run, counter.host);
  if (!now) {
    return Fail(now.error());
  }
  for (const auto& [event, read] : Select<CountersRead>(run->recorder->evidence().events)) {
    if (read->step == kBeforeFirstStep && read->host == counter.host) {
      return !CheckCounters(counter, {}, read->values, now->values);
    }
  }
  return Fail(ErrorKind::kSystem, "the counters were not read before the first step");
}

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

Result<bool> Do(RunContext* run, const RebindStep& rebind) {
  const auto address = RebindAddress(run, rebind);
  if (!address) {
    return Fail(address.error());
  }
  json request = {{"do", "rebind"},
                  {"family", std::string(ToString(rebind.family))},
                  {"address", ToJson(*address)},
                  {"options", ToJson(rebind.options)},
                  {"until_ok", rebind.until_ok},
                  {"within", rebind.within.count()}};
  if (!rebind.user.empty()) {
    request["user"] = rebind.user;
  }
  const auto ok = run->session->Ask(rebind.host, std::move(request), rebind.within + kAnswerWithin);
  if (!ok) {
    return Fail(ok.error());
  }
  const Rebound rebound{.step = run->step,
                        .host = rebind.host,
                        .address = *address,
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

Result<bool> Await(RunContext* run, const WaitState& states, Duration within, std::string* saw) {
  return AwaitStates(run, states, within, saw);
}

Result<bool> Await(RunContext* run, const WaitSegment& segment, Duration within, std::string* saw) {
  size_t looked_at = SIZE_MAX;
  const auto there = [&] {
    if (looked_at == run->recorder->frame_count()) {
      return false;
    }
    looked_at = run->recorder->frame_count();
    const Reconstruction what = Reconstruct(*run->scenario, run->recorder->evidence());
    return FindSegment(*run->scenario, what, segment.match) != nullptr;
  };
  auto found = run->session->ProcessUntil(there, within);
  *saw = "no such segment within " + FormatDuration(within);
  return found;
}

Result<bool> Await(RunContext* run, const WaitCall& call, Duration within, std::string* saw) {
  return AwaitCall(run, call.name, within, saw);
}

Result<bool> Await(RunContext* run, const WaitExit& exit, Duration within, std::string* saw) {
  run->session->ExpectExit(exit.peer);
  *saw = exit.peer + " has not exited within " + FormatDuration(within);
  return run->session->ProcessUntil([&] { return run->session->Exited(exit.peer); }, within);
}

Result<bool> Await(RunContext* run, const WaitFor& period, Duration /*within*/, std::string* saw) {
  return HoldStates(run, period.holds, period.duration, saw);
}

// When the samples that fulfilled a wait were taken; the runner itself may have been woken later.
int64_t FulfilledAt(const RunContext& run) {
  const auto sampled = Select<KernelSampled>(run.recorder->evidence().events);
  if (!sampled.empty() && sampled.back().data->step == run.step) {
    return sampled.back().data->t1_ns;
  }
  return MonotonicNs();
}

Result<bool> Do(RunContext* run, const WaitStep& wait) {
  std::string saw;
  const auto fulfilled =
      std::visit([&](const auto& what) { return Await(run, what, wait.within, &saw); }, wait.what);
  if (!fulfilled) {
    return Fail(fulfilled.error());
  }
  run->recorder->Add(WaitFinished{.step = run->step,
                                  .fulfilled = *fulfilled,
                                  .took = Duration(FulfilledAt(*run) - run->step_started_ns),
                                  .saw = *fulfilled ? "" : saw});
  return *fulfilled;
}

// Whether what the scenario lists has been seen, so that there is nothing more to wait for.
bool IsSettled(const RunContext& run, size_t* looked_at) {
  if (*looked_at == run.recorder->frame_count()) {
    return false;
  }
  *looked_at = run.recorder->frame_count();
  const Reconstruction what = Reconstruct(*run.scenario, run.recorder->evidence());
  return CheckSegments(*run.scenario, what).empty() && CheckBothEnds(*run.scenario, what).empty();
}

// The states that the listed sequences end in.
WaitState FinalStates(const RunContext& run) {
  WaitState final;
  for (const ExpectedStates& expected : run.scenario->states) {
    for (const std::string& name : EndpointsOf(*run.scenario, expected.endpoint)) {
      if (run.book.Find(name) != nullptr) {
        final.states.emplace_back(name, expected.states.back());
      }
    }
  }
  return final;
}

// Waits for the listed segments and the last states, and samples these.
Status Settle(RunContext* run) {
  run->learned = run->book.Learn(*run->scenario, run->recorder->evidence().events, run->learned);
  const Deadline deadline(kSettleWithin);
  size_t looked_at = SIZE_MAX;
  const auto settled =
      run->session->ProcessUntil([&] { return IsSettled(*run, &looked_at); }, deadline.Left());
  if (!settled) {
    return Fail(settled.error());
  }
  std::string saw;
  const WaitState final = FinalStates(*run);
  if (final.states.empty()) {
    return {};
  }
  const auto reached = AwaitStates(run, final, deadline.Left(), &saw);
  return reached ? Status() : Fail(reached.error());
}

}  // namespace

Status BeginRun(RunContext* run) {
  run->step = kBeforeFirstStep;
  if (const Status status = SpawnOwnPeers(run); !status) {
    return status;
  }
  if (const Status status = StartCaptures(run); !status) {
    return status;
  }
  for (const Host& host : run->testbed->hosts()) {
    if (!CounterNames(*run->scenario, host.name).empty()) {
      if (const auto read = ReadCounters(run, host.name); !read) {
        return Fail(read.error());
      }
    }
  }
  return {};
}

Result<bool> ExecuteStep(RunContext* run, int step) {
  run->step = step;
  run->step_started_ns = MonotonicNs();
  run->recorder->Add(StepStarted{step});
  Result<bool> done = std::visit([&](const auto& what) { return Do(run, what); },
                                 run->scenario->steps[static_cast<size_t>(step)].what);
  if (done && *done && !run->session->unexpected_exit().empty()) {
    done = Fail(ErrorKind::kSystem, run->session->unexpected_exit());
  }
  run->recorder->Add(StepFinished{step, done ? "" : done.error().message});
  return done;
}

Status EndRun(RunContext* run, bool as_expected) {
  run->step = kAfterLastStep;
  run->session->ForgetUnexpectedExit();
  if (as_expected) {
    if (Status status = Settle(run); !status) {
      return status;
    }
  }
  run->session->AbandonAllCalls();
  if (Status status = StopCaptures(run); !status) {
    return status;
  }
  return ReadClocks(run);
}

}  // namespace lastack

#include "run/executor.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "judge/app.h"
#include "judge/both_ends.h"
#include "judge/segments.h"
#include "judge/states.h"
#include "judge/waits.h"
#include "record/event_json.h"
#include "run/calls.h"
#include "run/captures.h"
#include "run/lost_hosts.h"
#include "run/rebind.h"
#include "run/sampling.h"
#include "run/wire.h"

namespace lastack {
namespace {

using nlohmann::json;

constexpr Duration kAnswerWithin = std::chrono::seconds(10);
constexpr Duration kSettleWithin = std::chrono::seconds(1);

Status ReadClocks(RunContext* run) {
  for (const std::string& host : HostsThere(*run)) {
    const auto ok = run->session->Ask(host, {{"do", "clock"}}, kAnswerWithin);
    if (!ok) {
      return Fail(ok.error());
    }
    const auto monotonic = ok->value("monotonic", int64_t{0});
    run->recorder->Add(
        "host:" + host, monotonic, ClockRead{monotonic, ok->value("realtime", int64_t{0})});
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

Status ChangeAddresses(RunContext* run, const HostStep& host) {
  const bool remove = host.action == HostAction::kRemoveAddress;
  Status done =
      remove ? run->testbed->RemoveAddresses(host.host) : run->testbed->AddAddresses(host.host);
  if (done) {
    run->recorder->Add(
        HostChanged{run->step, host.host, remove ? "address removed" : "address added"});
  }
  return done;
}

Result<bool> Do(RunContext* run, const HostStep& host) {
  Status done;
  switch (host.action) {
    case HostAction::kRemoveAddress:
    case HostAction::kAddAddress:
      done = ChangeAddresses(run, host);
      break;
    case HostAction::kVanish:
      done = LoseHost(run, host.host);
      break;
    case HostAction::kReboot:
      done = LoseHost(run, host.host);
      if (done) {
        done = StartHostAgain(run, host.host);
      }
      break;
  }
  return done ? Result<bool>(true) : Fail(done.error());
}

Result<bool> Do(RunContext* run, const WireStep& wire) {
  return DoWire(run, wire);
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

Result<bool> Do(RunContext* run, const RebindStep& rebind) {
  return DoRebind(run, rebind);
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
  return run->rebinds.contains(call.name) ? AwaitRebind(run, call.name, within, saw)
                                          : AwaitCall(run, call.name, within, saw);
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
  const Evidence& evidence = run.recorder->evidence();
  const Reconstruction what = Reconstruct(*run.scenario, evidence);
  return CheckSegments(*run.scenario, evidence, what).empty() &&
         CheckBothEnds(*run.scenario, evidence, what).empty();
}

// The states that the listed sequences end in.
WaitState FinalStates(const RunContext& run) {
  WaitState final;
  for (const ExpectedStates& expected : run.scenario->states) {
    for (const std::string& name : EndpointsOf(*run.scenario, expected.endpoint)) {
      if (run.book.Find(name) != nullptr && !run.lost_endpoints.contains(name)) {
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
  if (const Status status = StartCaptures(run, HostsThere(*run)); !status) {
    return status;
  }
  if (const Status status = BeginWire(run); !status) {
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
  if (const Status told = TellWire(run, step); !told) {
    return Fail(told.error());
  }
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
  if (Status status = FinishRebinds(run); !status) {
    return status;
  }
  run->session->AbandonAllCalls();
  if (Status status = StopCaptures(run, HostsThere(*run)); !status) {
    return status;
  }
  if (Status status = EndWire(run); !status) {
    return status;
  }
  return ReadClocks(run);
}

}  // namespace lastack

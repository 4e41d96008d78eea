#include "run/runner.h"

#include <malloc.h>
#include <sys/utsname.h>

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "judge/judge.h"
#include "report/evidence_files.h"
#include "report/html_run.h"
#include "report/ladder.h"
#include "report/timeline.h"
#include "run/captures.h"
#include "run/executor.h"
#include "run/probe.h"
#include "run/session.h"
#include "run/tracing.h"
#include "testbed/testbed.h"

namespace lastack {
namespace {

// After a run with more frames than this the heap is given back: the next such run can be far.
constexpr size_t kManyFrames = 5'000;

std::string Kernel() {
  utsname names{};
  uname(&names);
  return names.release;
}

RunStarted Describe(const Scenario& scenario, Testbed* testbed) {
  RunStarted started{.id = scenario.id,
                     .version = LASTACK_VERSION,
                     .kernel = Kernel(),
                     .addresses = {},
                     .sysctl = {}};
  for (const Host& host : testbed->hosts()) {
    started.addresses[host.name] = host.addresses;
    started.sysctl[host.name] = host.sysctl;
  }
  return started;
}

// The story: hosts up, steps one after the other, then what is left to see.
Status RunSteps(RunContext* run) {
  if (Status status = BeginTrace(run); !status) {
    return status;
  }
  if (Status status = run->session->Greet(); !status) {
    return status;
  }
  if (Status status = BeginRun(run); !status) {
    return status;
  }
  bool as_expected = true;
  const int steps = static_cast<int>(run->scenario->steps.size());
  for (int step = 0; step < steps && as_expected; ++step) {
    const Result<bool> done = ExecuteStep(run, step);
    RecordProbes(run);
    if (!done) {
      return Fail(done.error());
    }
    as_expected = *done;
  }
  const Status ended = EndRun(run, as_expected);
  RecordProbes(run);
  return ended;
}

// A run that the harness could not finish: SKIP where this machine or user cannot do it, else
// ERROR.
void Fault(const Error& error, const Place& place, RunResult* result) {
  const bool cannot = error.kind == ErrorKind::kUnsupported || error.kind == ErrorKind::kPermission;
  result->verdict = cannot ? Verdict::kSkip : Verdict::kError;
  result->headline = error.message;
  result->hint = error.hint;
  if (!cannot && result->judgement.findings.empty()) {
    result->judgement.findings.push_back({.witness = Witness::kHarness,
                                          .weight = Verdict::kError,
                                          .actual = error.message,
                                          .place = place});
  }
}

std::string HowToEnter(Testbed* testbed, bool in_user_namespace) {
  // To join the user namespace one is in already is refused (EINVAL).
  const char* user = in_user_namespace ? "--user --preserve-credentials " : "";
  std::string text = "the hosts are kept:\n";
  std::vector<const Host*> kept;
  for (const Host& host : testbed->hosts()) {
    kept.push_back(&host);
  }
  if (const Host* relay = testbed->relay(); relay != nullptr) {
    kept.push_back(relay);
  }
  for (const Host* host : kept) {
    text += fmt::format(
        "  {:8} nsenter --target {} {}--net --pid\n"
        "  {:8} ends with: kill -9 {}\n",
        host->name,
        host->pid,
        user,
        "",
        host->pid);
  }
  return text;
}

void KeepHosts(RunContext* run, bool in_user_namespace, RunResult* result) {
  std::vector<std::string> names = HostsThere(*run);
  if (run->testbed->relay() != nullptr) {
    names.emplace_back(kWireName);
  }
  for (const std::string& name : names) {
    static_cast<void>(run->session->Ask(name, {{"do", "keep"}}, std::chrono::seconds(1)));
  }
  result->enter = HowToEnter(run->testbed, in_user_namespace);
  run->testbed->Keep();
}

std::string EvidenceFolder(const RunOptions& options, const std::string& id) {
  const std::string folder = options.evidence + "/" + id;
  return options.repetition.empty() ? folder : folder + "/" + options.repetition;
}

void Conclude(const Variant& variant,
              const RunOptions& options,
              const Status& status,
              Recorder* recorder,
              RunResult* result) {
  Evidence evidence = recorder->Take();
  result->judgement = Judge(variant.scenario, evidence);
  result->verdict = result->judgement.verdict;
  result->headline = result->judgement.headline;
  if (!status) {
    Fault(status.error(), variant.scenario.place, result);
    result->judgement.verdict = result->verdict;
    result->judgement.headline = result->headline;
  }
  if (result->verdict == Verdict::kSkip) {
    return;
  }
  result->evidence = EvidenceFolder(options, variant.scenario.id);
  for (const Capture& capture : evidence.captures) {
    result->captures.push_back(CapturePath(result->evidence, capture.host));
  }
  if (options.draw || result->verdict != Verdict::kPass) {
    result->ladder = DrawLadder(MakeTimeline(variant.scenario, evidence, result->judgement));
  }
  if (!options.page.empty()) {
    result->page =
        DrawRun(variant.scenario, evidence, result->judgement, {options.page, result->evidence});
  }
  const Status written = WriteEvidence(result->evidence, variant, result->judgement, &evidence);
  if (!written) {
    Fault(written.error(), variant.scenario.place, result);
    result->verdict = Verdict::kError;  // a verdict without its evidence is none
  }
}

void Run(const Variant& variant, const RunOptions& options, SlotHold* slot, RunResult* result) {
  const Scenario& scenario = variant.scenario;
  auto testbed = Testbed::Create(scenario, options.programs);
  if (!testbed) {
    Fault(testbed.error(), scenario.place, result);
    return;
  }
  Recorder recorder;
  Session session(testbed->get(), &recorder, slot, {options.stop_fd, Deadline(options.timeout)});
  RunContext run{.scenario = &scenario,
                 .testbed = testbed->get(),
                 .session = &session,
                 .recorder = &recorder,
                 .peer_programs = options.peer_programs,
                 .trace = options.trace,
                 .untraced = options.untraced};
  recorder.Add(Describe(scenario, run.testbed));
  const Status status = RunSteps(&run);
  EndTrace(&run);
  if (options.keep) {
    KeepHosts(&run, options.in_user_namespace, result);
  }
  testbed->reset();
  const bool big = recorder.frame_count() > kManyFrames;
  Conclude(variant, options, status, &recorder, result);
  if (big) {
    malloc_trim(0);
  }
}

}  // namespace

RunResult RunVariant(const Variant& variant, const RunOptions& options, SlotHold* slot) {
  const Scenario& scenario = variant.scenario;
  const int64_t started_ns = MonotonicNs();
  RunResult result;
  result.id = scenario.id + (options.repetition.empty() ? "" : "#" + options.repetition);
  result.file = scenario.file;
  result.place = scenario.place;
  result.again_options = options.again_options;
  try {
    Run(variant, options, slot, &result);
  } catch (const nlohmann::json::exception& error) {  // an answer with a member of another type
    Fault({ErrorKind::kSystem, std::string("a host answered not as agreed: ") + error.what(), ""},
          scenario.place,
          &result);
  }
  result.duration = Duration(MonotonicNs() - started_ns);
  return result;
}

}  // namespace lastack

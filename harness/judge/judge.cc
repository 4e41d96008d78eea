#include "judge/judge.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "judge/agreement.h"
#include "judge/both_ends.h"
#include "judge/segments.h"
#include "judge/states.h"
#include "judge/steps.h"

namespace lastack {
namespace {

// Margin beyond which lost captures explain what a witness missed: none may be lost. What the relay
// could not read in time was lost on the link, though no rule said so.
void CheckCaptures(const Scenario& scenario, const Evidence& evidence, Judgement* judgement) {
  int64_t dropped = 0;
  for (const auto& [event, closed] : Select<CaptureClosed>(evidence.events)) {
    dropped += closed->dropped;
  }
  for (const auto& [event, closed] : Select<WireClosed>(evidence.events)) {
    dropped += closed->missed;
  }
  if (dropped == 0) {
    return;
  }
  judgement->wire.blind_spots.push_back(fmt::format("{} segments were not captured", dropped));
  for (Finding& finding : judgement->findings) {
    if (finding.witness == Witness::kWire && finding.weight == Verdict::kFail) {
      finding.weight = Verdict::kInconclusive;
      finding.note = fmt::format("probe dropped captures: {} (margin 0)", dropped);
    }
  }
  if (judgement->findings.empty()) {
    judgement->findings.push_back({.witness = Witness::kWire,
                                   .weight = Verdict::kInconclusive,
                                   .expected = "every segment captured",
                                   .actual = fmt::format("{} dropped", dropped),
                                   .place = scenario.place,
                                   .note = "probe dropped captures (margin 0)"});
  }
}

// What the ring could not hold would have to be judged by what is left.
void CheckTraces(const Scenario& scenario,
                 const Evidence& evidence,
                 const Reconstruction& what,
                 Judgement* judgement) {
  for (const std::string& endpoint : what.untold) {
    judgement->kernel.blind_spots.push_back(
        fmt::format("the trace does not tell all of {}: it was judged by its samples", endpoint));
  }
  for (const auto& [event, closed] : Select<TraceClosed>(evidence.events)) {
    if (closed->lost > 0) {
      judgement->findings.push_back(
          {.witness = Witness::kKernel,
           .weight = Verdict::kInconclusive,
           .expected = fmt::format("every event of {} traced", closed->host),
           .actual = fmt::format("{} lost", closed->lost),
           .place = scenario.place,
           .events = {event->id},
           .note = "probe lost trace events (margin 0)"});
    }
  }
}

// A rule that matched nothing: the scenario did not do what it says. Only of runs that came so far.
std::vector<Finding> CheckRules(const Scenario& scenario, const Evidence& evidence) {
  std::vector<Finding> findings;
  for (const auto& [event, closed] : Select<WireClosed>(evidence.events)) {
    for (const WireRule* rule : AllRules(scenario)) {
      const auto count = closed->rules.find(rule->name);
      if (count == closed->rules.end() || count->second == 0) {
        findings.push_back({.witness = Witness::kWire,
                            .expected = fmt::format("a segment that rule {} matches", rule->name),
                            .actual = "none reached the relay",
                            .place = rule->place,
                            .events = {event->id}});
      }
    }
  }
  return findings;
}

void Add(std::vector<Finding> more, std::vector<Finding>* findings) {
  std::move(more.begin(), more.end(), std::back_inserter(*findings));
}

Verdict Worst(const std::vector<Finding>& findings) {
  Verdict worst = Verdict::kPass;
  for (const Finding& finding : findings) {
    worst = std::max(worst, finding.weight);
  }
  return worst;
}

Verdict VerdictOf(Witness witness, const std::vector<Finding>& findings) {
  std::vector<Finding> own;
  std::copy_if(
      findings.begin(), findings.end(), std::back_inserter(own), [&](const Finding& finding) {
        return finding.witness == witness;
      });
  return Worst(own);
}

void DescribeWitnesses(const Evidence& evidence, const Reconstruction& what, Judgement* judgement) {
  size_t samples = 0;
  for (const auto& [event, sampled] : Select<KernelSampled>(evidence.events)) {
    samples += sampled->samples.size();
  }
  const size_t calls =
      Select<CallFinished>(evidence.events).size() + Select<CallAbandoned>(evidence.events).size();
  judgement->wire.source = fmt::format("libpcap at both ends: {} segments", what.segments.size());
  const size_t traced = Select<KernelTraced>(evidence.events).size();
  const bool is_traced = !Select<TraceClosed>(evidence.events).empty();
  judgement->kernel.source =
      fmt::format("{}sock_diag: {} samples",
                  is_traced ? fmt::format("tracepoints: {} events, ", traced) : "",
                  samples);
  judgement->app.source = fmt::format("{} calls", calls);
  judgement->wire.blind_spots.emplace_back(
      "a FIN that waits behind data and the timers of TIME-WAIT and FIN-WAIT-2 show no segment");
  if (!is_traced) {
    judgement->kernel.blind_spots.emplace_back(
        "sock_diag was asked at hold points; states that came and went between them it did not "
        "see");
  }
  for (const auto& [event, blind] : Select<BlindSpot>(evidence.events)) {
    if (blind->witness == "wire") {
      judgement->wire.blind_spots.push_back(blind->what);
    } else if (blind->witness == "kernel") {
      judgement->kernel.blind_spots.push_back(blind->what);
    } else {
      judgement->app.blind_spots.push_back(blind->what);
    }
  }
  judgement->wire.verdict = VerdictOf(Witness::kWire, judgement->findings);
  judgement->kernel.verdict = VerdictOf(Witness::kKernel, judgement->findings);
  judgement->app.verdict = VerdictOf(Witness::kApp, judgement->findings);
}

std::string Headline(const Scenario& scenario, const Judgement& judgement) {
  if (judgement.findings.empty()) {
    return scenario.title;
  }
  const auto worst = std::find_if(
      judgement.findings.begin(), judgement.findings.end(), [&](const Finding& finding) {
        return finding.weight == judgement.verdict;
      });
  return Describe(*worst);
}

}  // namespace

Judgement Judge(const Scenario& scenario, const Evidence& evidence) {
  const Reconstruction what = Reconstruct(scenario, evidence);
  Judgement judgement;
  const StepsChecked steps = CheckSteps(scenario, evidence, what);
  judgement.findings = steps.findings;
  if (steps.all_done) {  // otherwise the sequences are cut short, and the step says why
    Add(CheckStates(scenario, what), &judgement.findings);
    Add(CheckSegments(scenario, evidence, what), &judgement.findings);
    Add(CheckRules(scenario, evidence), &judgement.findings);
  }
  Add(CheckSamples(scenario, evidence, what), &judgement.findings);
  Add(CheckLives(scenario, evidence, what), &judgement.findings);
  Add(CheckBothEnds(scenario, evidence, what), &judgement.findings);
  CheckCaptures(scenario, evidence, &judgement);
  CheckTraces(scenario, evidence, what, &judgement);
  judgement.verdict = Worst(judgement.findings);
  judgement.headline = Headline(scenario, judgement);
  DescribeWitnesses(evidence, what, &judgement);
  return judgement;
}

}  // namespace lastack

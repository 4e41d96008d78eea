// The judge as a whole, on evidence written down by hand: what makes which verdict.
#include "judge/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "judge/judging_test.h"

namespace lastack {
namespace {

using judging::TwoHosts;
using testing::HasSubstr;
using testing::SizeIs;

// One step: the client connects, and gets what the test says.
Scenario OneCall() {
  Scenario scenario = TwoHosts();
  scenario.title = "A client connects";
  CallStep call;
  call.peer = "client";
  call.call = Call::kRecv;
  call.on = {"client"};
  scenario.steps.push_back({.place = {7, 3}, .text = "client: recv", .what = call});
  return scenario;
}

class Record {
 public:
  Record& Add(EventData data) {
    const auto id = static_cast<int64_t>(evidence_.events.size()) + 1;
    evidence_.events.push_back({.id = id, .source = "test", .t_ns = id, .data = std::move(data)});
    return *this;
  }
  [[nodiscard]] const Evidence& evidence() const { return evidence_; }

 private:
  Evidence evidence_;
};

CallFinished Finished(CallResult result) {
  result.name = "client";
  return {.call = 1, .step = 0, .peer = "client", .results = {std::move(result)}};
}

TEST(Judge, PassHasTheTitleAsItsHeadline) {
  const Record record =
      Record().Add(StepStarted{0}).Add(Finished({.value = 5})).Add(StepFinished{0, ""});
  const Judgement judgement = Judge(OneCall(), record.evidence());
  EXPECT_EQ(judgement.verdict, Verdict::kPass);
  EXPECT_EQ(judgement.headline, "A client connects");
}

TEST(Judge, ARuleThatMatchedNothingIsAFinding) {
  Scenario scenario = OneCall();
  scenario.rules.push_back({.name = "lose", .place = {4, 3}});
  const auto with = [](int64_t count) {
    return Record()
        .Add(StepStarted{0})
        .Add(Finished({.value = 5}))
        .Add(StepFinished{0, ""})
        .Add(WireClosed{.rules = {{"lose", count}}});
  };
  EXPECT_EQ(Judge(scenario, with(1).evidence()).verdict, Verdict::kPass);
  const Judgement judgement = Judge(scenario, with(0).evidence());
  EXPECT_EQ(judgement.verdict, Verdict::kFail);
  ASSERT_THAT(judgement.findings, SizeIs(1));
  EXPECT_EQ(judgement.findings[0].place.line, 4);
}

TEST(Judge, FramesThatTheRelayMissedMakeARunInconclusive) {
  const Record record = Record()
                            .Add(StepStarted{0})
                            .Add(Finished({.value = 5}))
                            .Add(StepFinished{0, ""})
                            .Add(WireClosed{.missed = 2});
  EXPECT_EQ(Judge(OneCall(), record.evidence()).verdict, Verdict::kInconclusive);
}

TEST(Judge, AChangedErrnoFailsAtTheStep) {
  const Record record =
      Record().Add(StepStarted{0}).Add(Finished({.error = "ECONNRESET"})).Add(StepFinished{0, ""});
  const Judgement judgement = Judge(OneCall(), record.evidence());
  EXPECT_EQ(judgement.verdict, Verdict::kFail);
  ASSERT_THAT(judgement.findings, SizeIs(1));
  EXPECT_EQ(judgement.findings[0].place.line, 7);
  EXPECT_EQ(judgement.app.verdict, Verdict::kFail);
  EXPECT_EQ(judgement.wire.verdict, Verdict::kPass);
  EXPECT_THAT(judgement.headline, HasSubstr("ECONNRESET"));
}

TEST(Judge, WhatTheHarnessCouldNotDoIsAnError) {
  const Record record = Record().Add(StepStarted{0}).Add(StepFinished{0, "host server ended"});
  EXPECT_EQ(Judge(OneCall(), record.evidence()).verdict, Verdict::kError);
}

TEST(Judge, ARecordThatEndsEarlyIsAnError) {
  EXPECT_EQ(Judge(OneCall(), {}).verdict, Verdict::kError);
  EXPECT_EQ(Judge(OneCall(), Record().Add(StepStarted{0}).evidence()).verdict, Verdict::kError);
}

TEST(Judge, DroppedCapturesMakeAWireFindingInconclusiveAndNothingElse) {
  Scenario scenario = OneCall();
  scenario.segments.emplace();
  scenario.segments->push_back({.segments = {{"client", "FIN"}}});
  Record record = Record().Add(StepStarted{0}).Add(Finished({.value = 5})).Add(StepFinished{0, ""});
  EXPECT_EQ(Judge(scenario, record.evidence()).verdict, Verdict::kFail);
  record.Add(CaptureClosed{.host = "client", .interface = "eth0", .received = 9, .dropped = 2});
  EXPECT_EQ(Judge(scenario, record.evidence()).verdict, Verdict::kInconclusive);
  const Record wrong = Record()
                           .Add(StepStarted{0})
                           .Add(Finished({.error = "EPIPE"}))
                           .Add(CaptureClosed{.host = "client", .dropped = 2});
  EXPECT_EQ(Judge(OneCall(), wrong.evidence()).verdict, Verdict::kFail);
}

Scenario OneWait(WaitStep wait) {
  Scenario scenario = TwoHosts();
  scenario.steps.push_back({.place = {9, 3}, .text = "wait", .what = std::move(wait)});
  return scenario;
}

KernelSampled Sampled(State state, int64_t t_ns) {
  return {.step = 0,
          .host = "client",
          .t0_ns = t_ns,
          .t1_ns = t_ns,
          .samples = {{.endpoint = "client", .state = state}}};
}

TEST(Judge, AWaitIsJudgedByItsSamplesNotByTheRunnersWord) {
  const Scenario scenario = OneWait({.what = WaitState{{{"client", State::kTimeWait}}}});
  const auto record = [](State state) {
    return Record()
        .Add(StepStarted{0})
        .Add(Sampled(state, 5))
        .Add(WaitFinished{.step = 0, .fulfilled = true})
        .Add(StepFinished{0, ""});
  };
  EXPECT_EQ(Judge(scenario, record(State::kTimeWait).evidence()).verdict, Verdict::kPass);
  const Judgement changed = Judge(scenario, record(State::kFinWait2).evidence());
  EXPECT_EQ(changed.verdict, Verdict::kFail);
  EXPECT_EQ(changed.findings.at(0).witness, Witness::kKernel);
  EXPECT_THAT(changed.findings.at(0).note, HasSubstr("took the wait for fulfilled"));
}

TEST(Judge, AHeldStateMayNotChangeMeanwhile) {
  const Scenario scenario =
      OneWait({.what = WaitFor{std::chrono::seconds(1), {{{"client", State::kFinWait2}}}}});
  const Record record = Record()
                            .Add(StepStarted{0})
                            .Add(Sampled(State::kFinWait2, 5))
                            .Add(Sampled(State::kClosed, 6))
                            .Add(WaitFinished{.step = 0, .fulfilled = true})
                            .Add(StepFinished{0, ""});
  EXPECT_EQ(Judge(scenario, record.evidence()).verdict, Verdict::kFail);
}

}  // namespace
}  // namespace lastack

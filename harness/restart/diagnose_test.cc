#include "restart/diagnose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "restart/wording.h"

namespace lastack {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr int64_t kMs = 1'000'000;
constexpr Duration kMinute = std::chrono::seconds(60);

ListenerSeen Listener(bool reuseaddr, bool reuseport = false) {
  ListenerSeen listener{.address = {"0.0.0.0", 8080}};
  listener.options = SocketOptions{.reuseaddr = reuseaddr, .reuseport = reuseport};
  return listener;
}

Left TimeWait(int count, Duration longest = std::chrono::milliseconds(57'300)) {
  return {.state = State::kTimeWait, .count = count, .longest = longest};
}

// Died at 100 ms; one start followed, which runs.
RestartFacts Died() {
  RestartFacts facts;
  facts.death.death_ns = 100 * kMs;
  facts.end_ns = 1100 * kMs;
  facts.listeners = {Listener(false)};
  facts.starts = {{.started_ns = 101 * kMs}};
  facts.start_count = 1;
  return facts;
}

RestartFacts ServedAfter(int64_t ms) {
  RestartFacts facts = Died();
  facts.served.listen_ns = facts.served.served_ns = facts.death.death_ns + ms * kMs;
  return facts;
}

// All starts failed because the port was in use.
RestartFacts InUse() {
  RestartFacts facts = Died();
  facts.start_count = 3;
  facts.starts = {{.started_ns = 101 * kMs,
                   .ended_ns = 102 * kMs,
                   .how = "exit code 1",
                   .output = "Traceback\nOSError: in use\n"}};
  facts.left = facts.left_at_end = {TimeWait(100)};
  facts.probe = BindProbe{"EADDRINUSE", "EADDRINUSE"};
  return facts;
}

TEST(Diagnose, BackBecauseOfTheOption) {
  RestartFacts facts = ServedAfter(14);
  facts.listeners = {Listener(true)};
  facts.left = {TimeWait(100)};
  const Diagnosis diagnosis = Diagnose(facts);
  EXPECT_EQ(diagnosis.cause, Cause::kBack);
  EXPECT_EQ(diagnosis.sentence,
            "back in 14.0 ms: its sockets have SO_REUSEADDR, so 100 connections in TIME-WAIT did "
            "not keep the port");
  EXPECT_EQ(diagnosis.remedy, "");
}

TEST(Diagnose, BackBecauseNothingWasLeft) {
  RestartFacts facts = ServedAfter(14);
  facts.listeners = {Listener(true)};
  EXPECT_EQ(Diagnose(facts).sentence, "back in 14.0 ms: nothing was left on the port");
}

TEST(Diagnose, BackByLuckNamesTheRemedy) {
  const Diagnosis diagnosis = Diagnose(ServedAfter(14));
  EXPECT_EQ(diagnosis.cause, Cause::kBack);
  EXPECT_THAT(diagnosis.sentence,
              HasSubstr("nothing was left on the port, but its listener has no SO_REUSEADDR"));
  EXPECT_EQ(diagnosis.remedy, "set SO_REUSEADDR before bind");
}

TEST(Diagnose, BackBecauseItsConnectionsWereReset) {
  RestartFacts facts = ServedAfter(14);
  facts.accepted = {.read = 3, .linger_zero = 3};
  EXPECT_THAT(Diagnose(facts).sentence, HasSubstr("SO_LINGER 0: its death reset them"));
  EXPECT_EQ(Diagnose(facts).remedy, "");
  facts.accepted.linger_zero = 2;
  EXPECT_EQ(Diagnose(facts).remedy, "set SO_REUSEADDR before bind");
}

TEST(Diagnose, BackThroughReuseport) {
  RestartFacts facts = ServedAfter(14);
  facts.listeners = {Listener(false, true)};
  facts.left = {TimeWait(1)};
  EXPECT_THAT(Diagnose(facts).sentence, HasSubstr("its sockets have SO_REUSEPORT"));
}

TEST(Diagnose, BackAfterFailedStarts) {
  RestartFacts facts = ServedAfter(400);
  facts.start_count = 3;
  facts.left = {TimeWait(1)};
  const std::string sentence = Diagnose(facts).sentence;
  EXPECT_THAT(sentence, HasSubstr("back in 400.0 ms after 2 failed starts: "));
  EXPECT_THAT(sentence, HasSubstr("1 connection in TIME-WAIT kept the port for a while"));
}

TEST(Diagnose, BackAfterFailuresThatWereNotThePorts) {
  RestartFacts facts = ServedAfter(2000);
  facts.listeners = {Listener(true)};
  facts.left = {TimeWait(1)};
  facts.start_count = 3;
  facts.survivors = {{5, "worker"}, {6, "worker"}};
  facts.starts = {{.how = "exit code 1", .output = "memory block is in use\n"}, {}};
  EXPECT_THAT(Diagnose(facts).sentence,
              HasSubstr("did not keep the port; 2 processes outlived its main process; its last "
                        "failed start ended with exit code 1: \"memory block is in use\""));
}

TEST(Diagnose, LateIsNotBack) {
  RestartFacts facts = ServedAfter(60'500);
  facts.start_count = 900;
  facts.left = {TimeWait(100)};
  const Diagnosis diagnosis = Diagnose(facts);
  EXPECT_EQ(diagnosis.cause, Cause::kLate);
  EXPECT_THAT(diagnosis.sentence, HasSubstr("back in 60.50 s, later than 1.00 s"));
  EXPECT_EQ(diagnosis.remedy, "set SO_REUSEADDR before bind");
}

TEST(Diagnose, LeftoversWithoutTheOption) {
  const Diagnosis diagnosis = Diagnose(InUse());
  EXPECT_EQ(diagnosis.cause, Cause::kLeftovers);
  EXPECT_EQ(diagnosis.sentence,
            "cannot come back for up to 58 s: its listener has no SO_REUSEADDR and 100 connections "
            "are in TIME-WAIT; set SO_REUSEADDR before bind");
  EXPECT_EQ(diagnosis.still, std::chrono::milliseconds(57'300));
  EXPECT_EQ(diagnosis.remedy, "set SO_REUSEADDR before bind");
}

TEST(Diagnose, LeftoversInSeveralStates) {
  RestartFacts facts = InUse();
  facts.left_at_end = {TimeWait(1, std::chrono::seconds(3)),
                       {.state = State::kFinWait2, .count = 2, .longest = kMinute}};
  const Diagnosis diagnosis = Diagnose(facts);
  EXPECT_THAT(diagnosis.sentence, HasSubstr("1 connection is in TIME-WAIT and 2 in FIN-WAIT-2"));
  EXPECT_EQ(diagnosis.still, kMinute);
}

TEST(Diagnose, NoTimerNoPromise) {
  RestartFacts facts = InUse();
  facts.left_at_end.push_back({.state = State::kLastAck, .count = 1});
  const Diagnosis diagnosis = Diagnose(facts);
  EXPECT_EQ(diagnosis.still, std::nullopt);
  EXPECT_THAT(diagnosis.sentence, HasSubstr("cannot come back yet: "));
}

TEST(Diagnose, ConnectionsWithoutTheOption) {
  RestartFacts facts = InUse();
  facts.listeners = {Listener(true)};
  facts.accepted = {.read = 100, .reuseaddr = 60};
  const Diagnosis diagnosis = Diagnose(facts);
  EXPECT_EQ(diagnosis.cause, Cause::kLeftovers);
  EXPECT_THAT(diagnosis.sentence, HasSubstr("40 of its 100 connections had no SO_REUSEADDR"));
}

TEST(Diagnose, UnknownOptionsAreNotGuessed) {
  RestartFacts facts = InUse();
  facts.listeners.front().options.reset();
  const Diagnosis diagnosis = Diagnose(facts);
  EXPECT_EQ(diagnosis.cause, Cause::kLeftovers);
  EXPECT_THAT(diagnosis.sentence, HasSubstr("could not be read"));
  EXPECT_THAT(diagnosis.sentence, Not(HasSubstr("has no SO_REUSEADDR")));
}

TEST(Diagnose, OneOfTwoListenersWithoutTheOption) {
  RestartFacts facts = InUse();
  facts.listeners = {Listener(true), Listener(false)};
  EXPECT_THAT(Diagnose(facts).sentence, HasSubstr("its listener has no SO_REUSEADDR"));
}

TEST(Diagnose, SurvivorsHoldTheListener) {
  RestartFacts facts = InUse();
  facts.survivors = {{5, "worker"}, {6, "worker"}};
  facts.survivors_with_listener = facts.survivors;
  const Diagnosis diagnosis = Diagnose(facts);
  EXPECT_EQ(diagnosis.cause, Cause::kSurvivors);
  EXPECT_THAT(diagnosis.sentence,
              HasSubstr("2 processes outlived its main process and still hold the listener (worker "
                        "5, worker 6)"));
}

TEST(Diagnose, FreePortOwnReason) {
  RestartFacts facts = InUse();
  facts.left_at_end.clear();
  facts.probe = BindProbe{};
  facts.starts.back().output = "starting\nlock file exists\n";
  const Diagnosis diagnosis = Diagnose(facts);
  EXPECT_EQ(diagnosis.cause, Cause::kOwnReason);
  EXPECT_THAT(diagnosis.sentence, HasSubstr("nothing keeps the port"));
  EXPECT_THAT(diagnosis.sentence, HasSubstr("exit code 1: \"lock file exists\""));
}

TEST(Diagnose, AStartThatHasOnlyBegunIsOneMoreThatFails) {
  RestartFacts facts = InUse();
  facts.left_at_end.clear();
  facts.probe = BindProbe{};
  facts.starts.push_back({.started_ns = facts.end_ns - kMs / 2});
  EXPECT_EQ(Diagnose(facts).cause, Cause::kOwnReason);
  EXPECT_THAT(Diagnose(facts).sentence, HasSubstr("exit code 1: \"OSError: in use\""));
  facts.starts.back().started_ns = facts.end_ns - 500 * kMs;
  EXPECT_EQ(Diagnose(facts).cause, Cause::kNotListening);
}

TEST(Diagnose, PortFreeWithTheOldOption) {
  RestartFacts facts = InUse();
  facts.listeners = {Listener(true)};
  facts.probe = BindProbe{"EADDRINUSE", ""};
  const Diagnosis diagnosis = Diagnose(facts);
  EXPECT_EQ(diagnosis.cause, Cause::kOwnReason);
  EXPECT_THAT(diagnosis.sentence, HasSubstr("a socket with SO_REUSEADDR"));
}

TEST(Diagnose, RunsWithoutListening) {
  RestartFacts facts = Died();
  facts.probe = BindProbe{};
  const Diagnosis diagnosis = Diagnose(facts);
  EXPECT_EQ(diagnosis.cause, Cause::kNotListening);
  EXPECT_THAT(diagnosis.sentence, HasSubstr("its process runs but does not listen on it yet"));
}

TEST(Diagnose, RunningServerThatRetriesBind) {
  RestartFacts facts = Died();
  facts.left = facts.left_at_end = {TimeWait(100)};
  facts.probe = BindProbe{"EADDRINUSE", "EADDRINUSE"};
  EXPECT_EQ(Diagnose(facts).cause, Cause::kLeftovers);
}

TEST(Diagnose, ListensButDoesNotServe) {
  RestartFacts facts = Died();
  facts.served.listen_ns = 110 * kMs;
  EXPECT_THAT(Diagnose(facts).sentence,
              HasSubstr("listens again after 10.0 ms, but no client has been able to connect"));
  facts.served.connected_ns = 111 * kMs;
  EXPECT_THAT(Diagnose(facts).sentence, HasSubstr("it has not accepted a connection"));
  facts.served.accepted_ns = 112 * kMs;
  const Diagnosis diagnosis = Diagnose(facts);
  EXPECT_EQ(diagnosis.cause, Cause::kNotServing);
  EXPECT_THAT(diagnosis.sentence, HasSubstr("it has not answered"));
}

TEST(Diagnose, WhatFactsDoNotExplain) {
  RestartFacts facts = InUse();
  facts.left_at_end.clear();
  EXPECT_EQ(Diagnose(facts).cause, Cause::kUnexplained);
  EXPECT_THAT(Diagnose(facts).sentence, HasSubstr("no socket is on the port"));
  facts.probe = BindProbe{"EACCES", "EACCES"};
  EXPECT_THAT(Diagnose(facts).sentence, HasSubstr("fails with EACCES"));
  facts.probe.reset();
  EXPECT_EQ(Diagnose(facts).cause, Cause::kUnexplained);
}

TEST(Diagnose, DescribesWhatIsLeft) {
  EXPECT_EQ(Describe({}, Verb::kNone), "");
  EXPECT_EQ(Describe({TimeWait(1)}, Verb::kNone), "1 connection in TIME-WAIT");
  EXPECT_EQ(Describe({TimeWait(3),
                      {.state = State::kFinWait2, .count = 2},
                      {.state = State::kLastAck, .count = 1}},
                     Verb::kNone),
            "3 connections in TIME-WAIT, 2 in FIN-WAIT-2 and 1 in LAST-ACK");
}

}  // namespace
}  // namespace lastack

// State sequences against what the wire and the kernel saw.
#include "judge/states.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "judge/judging_test.h"

namespace lastack {
namespace {

using judging::kMs;
using judging::Trace;
using judging::TwoHosts;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using enum State;

std::vector<Finding> Check(const std::vector<State>& expected, const EndpointTrace& trace) {
  Scenario scenario = TwoHosts();
  ExpectedStates states{.endpoint = "client", .states = expected};
  for (size_t i = 0; i < expected.size(); ++i) {
    states.places.push_back({.line = 10, .column = static_cast<int>(i)});
  }
  scenario.states = {states};
  Reconstruction what;
  what.endpoints = {trace};
  return CheckStates(scenario, what);
}

const std::vector<State> kActiveClose = {kEstablished, kFinWait1, kFinWait2, kTimeWait};

TEST(CheckStates, AcceptsWhatBothWitnessesSaw) {
  const auto trace = Trace("client",
                           {kSynSent, kEstablished, kFinWait1, kFinWait2, kTimeWait},
                           {{3, kFinWait2}, {kAfterLastStep, kTimeWait}});
  EXPECT_THAT(Check(kActiveClose, trace), IsEmpty());
}

TEST(CheckStates, AStateThatTheSequenceDoesNotHaveIsAMisfit) {
  const auto trace = Trace("client",
                           {kSynSent, kEstablished, kFinWait1, kClosing, kTimeWait},
                           {{kAfterLastStep, kTimeWait}});
  const auto findings = Check(kActiveClose, trace);
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].witness, Witness::kWire);
  EXPECT_THAT(findings[0].actual, HasSubstr("CLOSING"));
  EXPECT_EQ(findings[0].place.column, 2);
}

TEST(CheckStates, AStateThatNobodySawIsAFinding) {
  const auto trace = Trace(
      "client", {kSynSent, kEstablished, kFinWait1, kTimeWait}, {{kAfterLastStep, kTimeWait}});
  const auto findings = Check(kActiveClose, trace);
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_THAT(findings[0].expected, HasSubstr("FIN-WAIT-2"));
}

TEST(CheckStates, TheKernelAloneSeesTheEndOfATimer) {
  const auto trace = Trace("client",
                           {kEstablished, kFinWait1, kFinWait2, kTimeWait},
                           {{4, kTimeWait}, {kAfterLastStep, kClosed}});
  EXPECT_THAT(Check({kEstablished, kFinWait1, kFinWait2, kTimeWait, kClosed}, trace), IsEmpty());
  EXPECT_THAT(Check(kActiveClose, trace), SizeIs(1));
}

TEST(CheckStates, TheLastStateIsTheKernelsAfterTheLastStep) {
  const auto early = Trace("client", kActiveClose, {{4, kTimeWait}});
  const auto findings = Check(kActiveClose, early);
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_THAT(findings[0].actual, HasSubstr("no sample"));
}

TEST(CheckStates, TheOrderOfTheKernelsSamplesMustFit) {
  const auto trace =
      Trace("client", kActiveClose, {{3, kTimeWait}, {4, kFinWait2}, {kAfterLastStep, kTimeWait}});
  EXPECT_THAT(Check(kActiveClose, trace), SizeIs(1));
}

TEST(CheckStates, AFinBehindDataMakesCloseWaitOnTheWireClosingInTheKernel) {
  const auto trace = Trace("client",
                           {kEstablished, kCloseWait},
                           {{2, kFinWait1}, {3, kClosing}, {kAfterLastStep, kClosing}});
  EXPECT_THAT(Check({kEstablished, kFinWait1, kClosing}, trace), IsEmpty());
}

TEST(CheckStates, AnEndpointThatNeverCameToBeIsAFinding) {
  Scenario scenario = TwoHosts();
  scenario.states = {{.endpoint = "client", .states = kActiveClose}};
  EXPECT_THAT(CheckStates(scenario, {}), SizeIs(1));
}

TEST(CheckStates, AWholeLifeMustBeTheSequence) {
  EndpointTrace trace = Trace("client", kActiveClose, {{kAfterLastStep, kTimeWait}});
  trace.life = judging::Life({kSynSent, kEstablished, kFinWait1, kFinWait2, kTimeWait});
  EXPECT_THAT(Check(kActiveClose, trace), IsEmpty());
  trace.life = judging::Life({kSynSent, kEstablished, kFinWait1, kTimeWait});
  const auto skipped = Check(kActiveClose, trace);
  ASSERT_THAT(skipped, SizeIs(1));
  EXPECT_EQ(skipped[0].witness, Witness::kKernel);
  EXPECT_THAT(skipped[0].actual, HasSubstr("TIME-WAIT (traced: SYN-SENT, ESTABLISHED"));
  EXPECT_EQ(skipped[0].place.column, 2);
}

TEST(EndpointsOf, AGlobNamesConnectionsOnly) {
  Scenario scenario = TwoHosts();
  scenario.endpoints.push_back({.name = "clistener", .kind = EndpointDecl::Kind::kListener});
  EXPECT_THAT(EndpointsOf(scenario, "cl*"), testing::ElementsAre("client"));
}

}  // namespace
}  // namespace lastack

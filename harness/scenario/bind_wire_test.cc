// The wire: rules, the steps that change them, lost hosts, and what is refused.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenario/loading_test.h"

namespace lastack {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

// `wire` stands in line 3, the steps begin in line 5: one connection, then `steps` in line 8.
std::string WithWire(const std::string& wire, const std::string& steps = "") {
  return "scenario: 1\ntitle: T\nwire: " + wire +
         "\nsteps:\n  - server: listen\n  - client: connect\n  - server: accept\n" + steps;
}

WireRule RuleOf(const std::string& rule) {
  const Scenario scenario = LoadFirst(WithWire("{r: " + rule + "}"));
  EXPECT_EQ(scenario.rules.size(), 1U);
  return scenario.rules.empty() ? WireRule{} : scenario.rules.front();
}

template <typename T>
T WireStepOf(const std::string& step) {
  const Scenario scenario = LoadFirst(Connected("  - wire: " + step + "\n"));
  const auto wire = StepAt<WireStep>(scenario, 3);
  EXPECT_TRUE(std::holds_alternative<T>(wire.what));
  return std::holds_alternative<T>(wire.what) ? std::get<T>(wire.what) : T{};
}

// The first line of the error.
std::string FirstLine(const std::string& text) {
  const std::string error = ErrorOf(text);
  return error.substr(0, error.find('\n'));
}

TEST(Rule, WithoutNthMatchesEveryTime) {
  const WireRule rule = RuleOf("{drop: {from: server, flags: [FIN, ACK], only: true}}");
  EXPECT_EQ(rule.name, "r");
  EXPECT_EQ(rule.action, WireAction::kDrop);
  EXPECT_EQ(rule.match.from, "server");
  EXPECT_EQ(rule.match.flags, "FIN,ACK");
  EXPECT_TRUE(rule.match.only);
  EXPECT_FALSE(rule.match.nth);
  EXPECT_EQ(rule.place, (Place{3, 11}));
}

TEST(Rule, MatchesByCountAndSequenceNumber) {
  const SegmentMatch match = RuleOf("{drop: {nth: 2..5, seq: 1..4KiB, bytes: none}}").match;
  EXPECT_EQ(match.nth, (Range<int64_t>{2, 5}));
  EXPECT_EQ(match.seq, (Range<int64_t>{1, 4096}));
  EXPECT_EQ(match.has_bytes, false);
  EXPECT_EQ(RuleOf("{drop: {nth: 3}}").match.nth, (Range<int64_t>{3, 3}));
}

TEST(Rule, Holds) {
  const WireRule sees = RuleOf("{hold: {flags: FIN}, until: {sees: {from: client, nth: 2}}}");
  EXPECT_EQ(sees.action, WireAction::kHold);
  ASSERT_TRUE(sees.sees);
  EXPECT_EQ(sees.sees->from, "client");
  EXPECT_EQ(sees.sees->nth, (Range<int64_t>{2, 2}));
  EXPECT_FALSE(sees.behind);
  const WireRule step = RuleOf("{hold: {flags: FIN}, until: {step: 3}}");
  EXPECT_EQ(step.step, 2);  // counted from 0
  EXPECT_FALSE(step.sees);
  EXPECT_EQ(RuleOf("{hold: {}, until: {after: 50ms}}").after, milliseconds(50));
}

TEST(Rule, DelayAndReorderAreHolds) {
  const WireRule delay = RuleOf("{delay: {from: client}, by: 20ms}");
  EXPECT_EQ(delay.action, WireAction::kHold);
  EXPECT_EQ(delay.after, milliseconds(20));
  const WireRule reorder = RuleOf("{reorder: {bytes: some}, behind: {flags: FIN}}");
  EXPECT_EQ(reorder.action, WireAction::kHold);
  EXPECT_TRUE(reorder.behind);
  EXPECT_EQ(reorder.sees->flags, "FIN");
  EXPECT_EQ(RuleOf("{duplicate: {flags: FIN}}").action, WireAction::kDuplicate);
}

TEST(Rule, MayNameAnEndpointThatIsMadeLater) {
  EXPECT_EQ(RuleOf("{drop: {connection: client}}").match.connection, "client");
  EXPECT_EQ(FirstLine(WithWire("{r: {drop: {connection: clint}}}")),
            "x.yaml:3:31: unknown endpoint 'clint'; did you mean 'client'?");
  EXPECT_EQ(FirstLine(WithWire("{r: {drop: {connection: \"c*\"}}}")),
            "x.yaml:3:31: one endpoint is wanted here, by its name");
}

TEST(Rule, OfAStepMayNameWhatAnAsyncCallMakes) {
  const Scenario scenario = LoadSteps(
      "  - server: listen\n  - client: {connect: {async: opening}}\n"
      "  - wire: {add: {r: {drop: {connection: client}}}}\n");
  EXPECT_EQ(std::get<AddRule>(StepAt<WireStep>(scenario, 2).what).rule.match.connection, "client");
  EXPECT_EQ(FirstLine(WithSteps("  - wire: {add: {r: {drop: {connection: client}}}}\n"
                                "  - server: listen\n  - client: connect\n")),
            "x.yaml:4:41: unknown endpoint 'client'");
}

TEST(Rule, MatrixAppliesAsAnywhere) {
  const auto variants = LoadAll(
      "scenario: 1\ntitle: T\nmatrix: {lost: [one, two], by: {fast: 1ms, slow: 1s}}\n"
      "wire:\n  \"${lost}\": {drop: {nth: 1}, when: {lost: one}}\n"
      "  d: {delay: {}, by: \"${by}\"}\nsteps:\n  - server: listen\n"
      "  - {when: {lost: one}, wire: {remove: one}}\n");
  ASSERT_EQ(variants.size(), 4U);
  EXPECT_EQ(variants[0].scenario.rules.size(), 2U);
  EXPECT_EQ(variants[0].scenario.rules[0].name, "one");
  EXPECT_EQ(variants[3].scenario.rules.size(), 1U);
  EXPECT_EQ(variants[3].scenario.rules[0].after, std::chrono::seconds(1));
}

TEST(WireSteps, ChangeTheRules) {
  EXPECT_EQ(WireStepOf<AddRule>("{add: {r: {drop: {from: client}}}}").rule.name, "r");
  WireStepOf<CutLink>("cut");
  WireStepOf<MendLink>("mend");
  const Scenario scenario = LoadFirst(
      WithWire("{a: {hold: {}, until: {step: 5}}}",
               "  - wire: {release: a}\n  - wire: {remove: a}\n  - wire: cut\n  - wire: cut\n"));
  EXPECT_EQ(std::get<ReleaseRule>(StepAt<WireStep>(scenario, 3).what).name, "a");
  EXPECT_EQ(std::get<RemoveRule>(StepAt<WireStep>(scenario, 4).what).name, "a");
}

TEST(Inject, TakesWhatTheConnectionWouldSendNext) {
  const auto inject = WireStepOf<Inject>("{inject: {from: client, flags: \"RST,ACK\"}}");
  EXPECT_EQ(inject.from, "client");
  EXPECT_EQ(inject.flags, "RST,ACK");
  EXPECT_EQ(inject.connection, "");
  EXPECT_TRUE(inject.seq.next);
  EXPECT_EQ(inject.seq.offset, 0);
}

TEST(Inject, TakesOffsetsAndNumbers) {
  const auto inject = WireStepOf<Inject>(
      "{inject: {connection: client, from: server, flags: RST, seq: next+100, ack: next-1, "
      "bytes: 5}}");
  EXPECT_EQ(inject.connection, "client");
  EXPECT_EQ(inject.seq.offset, 100);
  EXPECT_TRUE(inject.ack.next);
  EXPECT_EQ(inject.ack.offset, -1);
  EXPECT_EQ(inject.bytes, 5);
  const auto other = WireStepOf<Inject>("{inject: {from: server, flags: RST, seq: 4096}}");
  EXPECT_FALSE(other.seq.next);
  EXPECT_EQ(other.seq.offset, 4096);
}

TEST(Inject, Icmp) {
  const auto inject = WireStepOf<Inject>("{inject: {from: server, icmp: host-unreachable}}");
  EXPECT_EQ(inject.icmp, "host-unreachable");
  EXPECT_EQ(inject.flags, "");
}

TEST(Wire, IsThereWhereItIsNeeded) {
  EXPECT_FALSE(LoadFirst(Connected("")).wire);
  EXPECT_FALSE(LoadFirst(Connected("  - host: {server: {address: remove}}\n")).wire);
  EXPECT_TRUE(LoadFirst(WithWire("{}")).wire);
  EXPECT_TRUE(LoadFirst(Connected("  - wire: cut\n")).wire);
  EXPECT_TRUE(LoadFirst(Connected("  - host: {server: vanish}\n")).wire);
  EXPECT_TRUE(LoadFirst(Connected("  - host: {server: reboot}\n")).wire);
  const Scenario delayed =
      LoadFirst("scenario: 1\ntitle: T\nlink: {delay: 100ms}\nsteps:\n  - server: listen\n");
  EXPECT_TRUE(delayed.wire);
  EXPECT_EQ(delayed.link_delay, milliseconds(100));
}

constexpr const char* kSuccessor =
    "scenario: 1\ntitle: T\npeers: {successor: {host: server}}\nsteps:\n  - server: listen\n"
    "  - client: connect\n  - server: accept\n";

TEST(LostHost, HasNewPeersAfterAReboot) {
  const Scenario scenario =
      LoadFirst(std::string(kSuccessor) +
                "  - host: {server: reboot}\n  - successor: listen\n"
                "  - client: {connect: {as: c2}}\n  - successor: {accept: {as: server}}\n"
                "  - wait: {state: {server: ESTABLISHED}}\n  - rebind: {host: server}\n");
  EXPECT_EQ(StepAt<HostStep>(scenario, 3).action, HostAction::kReboot);
  EXPECT_THAT(StepAt<CallStep>(scenario, 4).as, ElementsAre("listener"));
}

TEST(LostHost, ItsPeersAreGone) {
  const std::string rebooted = std::string(kSuccessor) + "  - host: {server: reboot}\n";
  EXPECT_EQ(ErrorOf(rebooted + "  - server: close\n"),
            "x.yaml:9:5: peer 'server' ended when its host was rebooted (line 8); declare another "
            "one under 'peers'\n  - server: close\n    ^");
  const std::string vanished = std::string(kSuccessor) + "  - host: {server: vanish}\n";
  EXPECT_EQ(FirstLine(vanished + "  - successor: listen\n"),
            "x.yaml:9:5: peer 'successor' ended when its host vanished (line 8)");
  EXPECT_EQ(FirstLine(vanished + "  - signal: {peer: server, send: KILL}\n"),
            "x.yaml:9:20: peer 'server' ended when its host vanished (line 8)");
  EXPECT_EQ(FirstLine(vanished + "  - wait: {exit: server}\n"),
            "x.yaml:9:18: peer 'server' ended when its host vanished (line 8)");
}

TEST(LostHost, ItsEndpointsAreGone) {
  EXPECT_EQ(FirstLine(Connected("  - host: {server: reboot}\n"
                                "  - wait: {state: {server: ESTABLISHED}}\n")),
            "x.yaml:8:20: endpoint 'server' was lost when its host was rebooted (line 7); it ends "
            "in the state it had");
  EXPECT_EQ(FirstLine(Connected("  - host: {server: vanish}\n  - destroy: server\n")),
            "x.yaml:8:14: endpoint 'server' was lost when its host vanished (line 7); it ends in "
            "the state it had");
}

TEST(LostHost, NothingHappensOnAVanishedOne) {
  const auto error = [](const std::string& step) {
    return FirstLine(Connected("  - host: {server: vanish}\n" + step));
  };
  EXPECT_EQ(error("  - rebind: {host: server}\n"),
            "x.yaml:8:5: host 'server' has vanished (line 7)");
  EXPECT_EQ(error("  - counter: {host: server, TCPTimeouts: 1}\n"),
            "x.yaml:8:21: host 'server' has vanished (line 7)");
  EXPECT_EQ(error("  - host: {server: reboot}\n"),
            "x.yaml:8:12: host 'server' has vanished (line 7)");
  LoadFirst(Connected("  - host: {server: vanish}\n  - wire: mend\n  - client: close\n"));
}

struct Case {
  std::string name;
  std::string text;
  std::string error;
};

void PrintTo(const Case& value, std::ostream* out) {
  *out << value.name;
}

std::string NameOf(const testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

class WireError : public testing::TestWithParam<Case> {};

TEST_P(WireError, HasThisText) {
  EXPECT_EQ(ErrorOf(GetParam().text), GetParam().error);
}

// Of a rule `r`, with what stands in its braces; `column` counts from those.
Case OfRule(const std::string& name,
            const std::string& rule,
            int column,
            const std::string& error) {
  const std::string line = "wire: {r: " + rule + "}";
  constexpr int kBefore = 10;
  return {name,
          WithWire("{r: " + rule + "}"),
          "x.yaml:3:" + std::to_string(kBefore + column) + ": " + error + "\n" + line + "\n" +
              std::string(static_cast<size_t>(kBefore + column - 1), ' ') + "^"};
}

const std::vector<Case>& RuleCases() {
  static const std::vector<Case> kCases = {
      OfRule("Key", "{dorp: {}}", 2, "unknown key 'dorp'; did you mean 'drop'?"),
      OfRule("NoAction", "{}", 1, "a rule needs one of: drop, hold, delay, duplicate, reorder"),
      OfRule("TwoActions", "{drop: {}, hold: {}}", 18, "'drop' and 'hold' exclude each other"),
      OfRule("HoldWithoutUntil",
             "{hold: {flags: FIN}}",
             1,
             "'hold' needs 'until', e.g. until: {sees: {…}}, {step: N} or {after: 50ms}"),
      OfRule("UntilWithoutHold", "{drop: {}, until: {step: 2}}", 19, "'until' goes with 'hold'"),
      OfRule("DelayWithoutBy", "{delay: {}}", 1, "'delay' needs 'by', e.g. by: 20ms"),
      OfRule("ByWithoutDelay", "{drop: {}, by: 20ms}", 16, "'by' goes with 'delay'"),
      OfRule("ReorderWithoutBehind",
             "{reorder: {}}",
             1,
             "'reorder' needs 'behind', e.g. behind: {…}, a later segment"),
      OfRule("BehindWithoutReorder", "{drop: {}, behind: {}}", 20, "'behind' goes with 'reorder'"),
      OfRule("TwoUntils",
             "{hold: {}, until: {sees: {}, step: 2}}",
             36,
             "'sees' and 'step' exclude each other"),
      OfRule("NoUntil", "{hold: {}, until: {}}", 19, "'until' needs one of: sees, step, after"),
      OfRule("Step", "{hold: {}, until: {step: 4}}", 26, "there is no step 4; there are 3"),
      OfRule("StepZero", "{hold: {}, until: {step: 0}}", 26, "0 is not in 1..1000000"),
      OfRule("Match", "{drop: {form: server}}", 9, "unknown key 'form'; did you mean 'from'?"),
      OfRule("Host", "{drop: {from: sever}}", 15, "unknown host 'sever'; did you mean 'server'?"),
      OfRule("Flag", "{drop: {flags: FNI}}", 16, "unknown flag 'FNI'; did you mean 'FIN'?"),
      OfRule("Nth", "{drop: {nth: 0..2}}", 14, "0 is not in 1..1000000"),
      OfRule("Seq", "{drop: {seq: -1}}", 14, "-1 is not in 0..4294967295"),
  };
  return kCases;
}
INSTANTIATE_TEST_SUITE_P(Rule, WireError, testing::ValuesIn(RuleCases()), NameOf);

// Of a step `wire: …`, in line 9 behind a rule `first`, a connection and a step that removes
// `gone`.
Case OfStep(const std::string& name,
            const std::string& step,
            int column,
            const std::string& error) {
  const std::string line = "  - wire: " + step;
  constexpr int kBefore = 10;
  return {name,
          WithWire("{first: {drop: {}}, gone: {drop: {}}}",
                   "  - wire: {remove: gone}\n" + line + "\n  - wire: cut\n"),
          "x.yaml:9:" + std::to_string(kBefore + column) + ": " + error + "\n" + line + "\n" +
              std::string(static_cast<size_t>(kBefore + column - 1), ' ') + "^"};
}

const std::vector<Case>& StepCases() {
  static const std::vector<Case> kCases = {
      OfStep("Word", "mendd", 1, "unknown wire action 'mendd'; did you mean 'mend'?"),
      OfStep("WordThatTakesSomething", "remove", 1, "'remove' takes something: {remove: …}"),
      OfStep("Key", "{inejct: {}}", 2, "unknown key 'inejct'; did you mean 'inject'?"),
      OfStep("Nothing", "{}", 1, "'wire' needs one of: add, remove, release, inject, cut, mend"),
      OfStep("Two",
             "{remove: first, release: first}",
             26,
             "'remove' and 'release' exclude each other"),
      OfStep("Remove", "{remove: frist}", 10, "unknown rule 'frist'; did you mean 'first'?"),
      OfStep("Release", "{release: frist}", 11, "unknown rule 'frist'; did you mean 'first'?"),
      OfStep("Removed", "{release: gone}", 11, "rule 'gone' has been removed (line 8)"),
      OfStep("Twice", "{add: {first: {drop: {}}}}", 8, "rule 'first' is there already (line 3)"),
      OfStep("AddTwo", "{add: {a: {drop: {}}, b: {drop: {}}}}", 23, "a step adds one rule"),
      OfStep("AddNone", "{add: {}}", 7, "'add' takes {NAME: RULE}"),
      OfStep("StepBegun",
             "{add: {a: {hold: {}, until: {step: 5}}}}",
             36,
             "step 5 has begun when step 5 adds this rule"),
      OfStep("InjectWithoutFrom", "{inject: {flags: RST}}", 10, "'inject' needs the key 'from'"),
      OfStep("InjectNothing", "{inject: {from: client}}", 10, "'inject' needs 'flags' or 'icmp'"),
      OfStep("InjectBoth",
             "{inject: {from: client, flags: RST, icmp: port-unreachable}}",
             43,
             "'flags' and 'icmp' exclude each other"),
      OfStep("InjectIcmpWithBytes",
             "{inject: {from: client, icmp: port-unreachable, bytes: 5}}",
             56,
             "'icmp' and 'bytes' exclude each other"),
      OfStep("InjectFlag",
             "{inject: {from: client, flags: RTS}}",
             32,
             "unknown flag 'RTS'; did you mean 'RST'?"),
      OfStep("InjectIcmp",
             "{inject: {from: client, icmp: port-unreachible}}",
             31,
             "unknown value of 'icmp' 'port-unreachible'; did you mean 'port-unreachable'?"),
      OfStep("InjectSeq",
             "{inject: {from: client, flags: RST, seq: nxt}}",
             42,
             "'nxt' is no sequence number: next, next+100, next-1, or a number from the SYN, which "
             "is 0"),
      OfStep("InjectSeqTwoSigns",
             "{inject: {from: client, flags: RST, seq: next+-1}}",
             42,
             "'next+-1' is no sequence number: next, next+100, next-1, or a number from the SYN, "
             "which is 0"),
      OfStep("InjectBytes",
             "{inject: {from: client, flags: ACK, bytes: 4KiB}}",
             44,
             "4096 is not in 0..1400"),
  };
  return kCases;
}
INSTANTIATE_TEST_SUITE_P(Step, WireError, testing::ValuesIn(StepCases()), NameOf);

TEST(Inject, NeedsAConnection) {
  EXPECT_EQ(FirstLine(WithSteps("  - wire: {inject: {from: client, flags: RST}}\n")),
            "x.yaml:4:20: there is no connection yet that this could belong to");
}

}  // namespace
}  // namespace lastack

// Loading as a whole: ids from paths, defaults, stored variants, and that no broken file does harm.
#include "scenario/load.h"

#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenario/loading_test.h"
#include "scenario/rich_scenario_test.h"
#include "scenario/scenario_text_test.h"

namespace lastack {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kActiveClose = R"(scenario: 1
title: Server closes first and keeps TIME-WAIT
claims: [{id: in-use, shows: confirms}]
steps:
  - server: listen
  - client: connect
  - server: accept
  - server: close
  - wait: {state: {server: FIN-WAIT-2, client: CLOSE-WAIT}}
  - client: close
  - server: {close: listener}
  - rebind: {host: server, expect: EADDRINUSE}
expect:
  server: [ESTABLISHED, FIN-WAIT-1, FIN-WAIT-2, TIME-WAIT]
  segments: [server FIN, client ACK, client FIN, server ACK]
)";

TEST(Load, FillsInWhatTheFileLeavesOut) {
  const Scenario scenario = LoadFirst(kActiveClose);
  const auto listen = StepAt<CallStep>(scenario, 0);
  EXPECT_THAT(listen.as, ElementsAre("listener"));
  EXPECT_EQ(listen.local->address, (AddressRef{"server", "any"}));
  EXPECT_EQ(listen.local->port, 8080);
  EXPECT_EQ(listen.within, seconds(5));
  const auto connect = StepAt<CallStep>(scenario, 1);
  EXPECT_THAT(connect.as, ElementsAre("client"));
  EXPECT_FALSE(connect.local);
  EXPECT_EQ(connect.remote->address, (AddressRef{"server", "own"}));
  EXPECT_EQ(connect.remote->port, 8080);
  const auto accept = StepAt<CallStep>(scenario, 2);
  EXPECT_THAT(accept.on, ElementsAre("listener"));
  EXPECT_THAT(accept.as, ElementsAre("server"));
  EXPECT_THAT(StepAt<CallStep>(scenario, 3).on, ElementsAre("server"));
  const auto wait = StepAt<WaitStep>(scenario, 4);
  EXPECT_EQ(wait.within, seconds(2));
  EXPECT_THAT(
      std::get<WaitState>(wait.what).states,
      ElementsAre(std::pair("server", State::kFinWait2), std::pair("client", State::kCloseWait)));
  EXPECT_THAT(StepAt<CallStep>(scenario, 6).on, ElementsAre("listener"));
  const auto rebind = StepAt<RebindStep>(scenario, 7);
  EXPECT_EQ(rebind.local.address, (AddressRef{"server", "any"}));
  EXPECT_EQ(rebind.local.port, 8080);
  EXPECT_EQ(std::get<ErrnoIs>(rebind.expected.outcome).name, "EADDRINUSE");
}

TEST(Load, KeepsPlacesAndTexts) {
  const Scenario scenario = LoadFirst(kActiveClose);
  EXPECT_EQ(scenario.steps[0].place, (Place{5, 5}));
  EXPECT_EQ(scenario.steps[6].text, "server: {close: listener}");
  EXPECT_EQ(scenario.states[0].places[3], (Place{14, 49}));
  EXPECT_EQ(StepAt<RebindStep>(scenario, 7).expected.place, (Place{12, 36}));
  EXPECT_EQ(scenario.place, (Place{1, 11}));
}

TEST(Load, HostsPeersAndEndpointsAreComplete) {
  const Scenario scenario = LoadFirst(kActiveClose);
  ASSERT_EQ(scenario.hosts.size(), 2U);
  EXPECT_NE(FindHost(scenario, "client"), nullptr);
  EXPECT_EQ(FindPeer(scenario, "server")->host, "server");
  ASSERT_EQ(scenario.endpoints.size(), 3U);
  EXPECT_EQ(FindEndpoint(scenario, "listener")->kind, EndpointDecl::Kind::kListener);
  EXPECT_EQ(FindEndpoint(scenario, "client")->host, "client");
}

TEST(Load, ExpectationsOfSegments) {
  const Scenario scenario =
      LoadFirst(Connected("expect:\n  segments: {server: [{client FIN x3: {bytes: 1..100}}]}\n"));
  ASSERT_TRUE(scenario.segments);
  const ExpectedSegments& segments = scenario.segments->front();
  EXPECT_EQ(segments.connection, "server");
  EXPECT_EQ(segments.segments[0].from, "client");
  EXPECT_EQ(segments.segments[0].flags, "FIN");
  EXPECT_EQ(segments.segments[0].times, 3);
  EXPECT_EQ(segments.segments[0].bytes, (Range<int64_t>{1, 100}));
}

TEST(Load, SegmentsThatDoNotArriveOrThatNobodySent) {
  const Scenario scenario = LoadFirst(
      Connected("expect:\n  segments: [server FIN lost x3, {client RST injected: {seq: 100}}, "
                "client FIN x2 lost, client ACK]\n"));
  const std::vector<ExpectedSegment>& segments = scenario.segments->front().segments;
  EXPECT_EQ(segments[0].fate, Fate::kLost);
  EXPECT_EQ(segments[0].times, 3);
  EXPECT_EQ(segments[1].fate, Fate::kInjected);
  EXPECT_EQ(segments[1].seq, (Range<int64_t>{100, 100}));
  EXPECT_EQ(segments[2].fate, Fate::kLost);
  EXPECT_EQ(segments[2].times, 2);
  EXPECT_EQ(segments[3].fate, Fate::kArrives);
}

TEST(Load, AGlobOfStatesIsAboutConnections) {
  const Scenario scenario = LoadSteps(
      "  - server: {listen: {as: s-listener}}\n  - client: connect\n"
      "  - server: {accept: {as: s1}}\n  - wait: {state: {\"s*\": ESTABLISHED}}\n");
  EXPECT_THAT(std::get<WaitState>(StepAt<WaitStep>(scenario, 3).what).states,
              ElementsAre(std::pair("s1", State::kEstablished)));
}

TEST(Load, ARebindMayRunWhileLaterStepsGoOn) {
  const Scenario scenario =
      LoadFirst(Connected("  - rebind: {host: server, until: ok, async: again}\n"
                          "  - server: {close: listener}\n  - wait: {call: again}\n"));
  EXPECT_EQ(StepAt<RebindStep>(scenario, 3).async, "again");
  EXPECT_EQ(std::get<WaitCall>(StepAt<WaitStep>(scenario, 5).what).name, "again");
}

TEST(Load, WithinFollowsFromTook) {
  const Scenario scenario = LoadFirst(
      Connected("  - client: {close: {took: 60s..62s}}\n  - wait: {exit: client, took: 1s..3s}\n"));
  EXPECT_EQ(StepAt<CallStep>(scenario, 3).within, seconds(124));
  EXPECT_EQ(StepAt<WaitStep>(scenario, 4).within, seconds(6));
}

TEST(Load, OptionsTakeUnits) {
  const Scenario scenario = LoadSteps(
      "  - server: {listen: {options: [SO_REUSEADDR, {TCP_LINGER2: 2s}, {TCP_LINGER2: -1}, "
      "{TCP_USER_TIMEOUT: 1s}, {SO_RCVBUF: 4KiB}, {SO_LINGER: {on: true, seconds: 0}}, "
      "{IPV6_V6ONLY: off}]}}\n");
  EXPECT_THAT(StepAt<CallStep>(scenario, 0).options,
              ElementsAre(SocketOption{"SO_REUSEADDR", 1},
                          SocketOption{"TCP_LINGER2", 2},
                          SocketOption{"TCP_LINGER2", -1},
                          SocketOption{"TCP_USER_TIMEOUT", 1000},
                          SocketOption{"SO_RCVBUF", 4096},
                          SocketOption{"SO_LINGER", 1, 0},
                          SocketOption{"IPV6_V6ONLY", 0}));
}

TEST(Load, AddressNamesDecideTheFamilyWhereTheySayOne) {
  const Scenario scenario = LoadSteps(
      "  - server: {listen: {address: any6}}\n  - client: {connect: {to: {address: own6}}}\n"
      "  - rebind: {host: server}\n");
  EXPECT_EQ(StepAt<CallStep>(scenario, 0).family, Family::kV6);
  EXPECT_EQ(StepAt<CallStep>(scenario, 1).family, Family::kV6);
  EXPECT_EQ(StepAt<RebindStep>(scenario, 2).family, Family::kV6);
  EXPECT_THAT(scenario.needs, ElementsAre("ipv6"));
}

TEST(Load, ImpliedNeeds) {
  const Scenario scenario =
      LoadFirst(Connected("  - destroy: server\n  - rebind: {host: server, user: nobody}\n"));
  EXPECT_THAT(scenario.needs, ElementsAre("two-users", "sock-destroy"));
}

TEST(Load, ForkAndPassShareEndpoints) {
  const Scenario scenario = LoadFirst(Connected(
      "  - server: {fork: child}\n  - server: close\n  - child: {send: {bytes: 1}}\n"
      "  - child: close\n  - signal: {peer: server, send: KILL}\n  - child: {close: listener}\n"));
  EXPECT_TRUE(FindPeer(scenario, "child")->forked);
  EXPECT_EQ(FindPeer(scenario, "child")->host, "server");
  EXPECT_THAT(StepAt<CallStep>(scenario, 5).on, ElementsAre("server"));
}

TEST(Load, ANameIsFreeAgainWhenItsHoldersAreGone) {
  const Scenario scenario = LoadFirst(
      "scenario: 1\ntitle: T\npeers: {successor: {host: server}}\nsteps:\n"
      "  - server: listen\n  - signal: {peer: server, send: KILL}\n  - successor: listen\n"
      "  - client: connect\n  - successor: accept\n  - successor: {send: {bytes: 4KiB}}\n");
  EXPECT_THAT(StepAt<CallStep>(scenario, 2).as, ElementsAre("listener"));
  EXPECT_THAT(StepAt<CallStep>(scenario, 4).as, ElementsAre("successor"));
  EXPECT_THAT(StepAt<CallStep>(scenario, 5).on, ElementsAre("successor"));
  EXPECT_EQ(scenario.endpoints.size(), 3U);
}

TEST(Load, TimesNumbersTheEndpoints) {
  const Scenario scenario = LoadSteps(
      "  - server: listen\n  - client: {connect: {as: c, times: 3}}\n"
      "  - client: {close: \"c*\"}\n");
  EXPECT_THAT(StepAt<CallStep>(scenario, 1).as, ElementsAre("c1", "c2", "c3"));
  EXPECT_THAT(StepAt<CallStep>(scenario, 2).on, ElementsAre("c1", "c2", "c3"));
}

TEST(Load, AFailedConnectMayBeRepeated) {
  const Scenario scenario = LoadSteps(
      "  - client: {connect: {expect: ECONNREFUSED}}\n  - server: listen\n  - client: connect\n");
  EXPECT_EQ(scenario.endpoints.size(), 2U);
}

TEST(Load, AFailedListenMakesNothing) {
  const Scenario scenario = LoadSteps(
      "  - server: listen\n  - server: {listen: {as: second, expect: EADDRINUSE}}\n"
      "  - client: connect\n  - server: accept\n");
  EXPECT_EQ(FindEndpoint(scenario, "second"), nullptr);
  EXPECT_THAT(StepAt<CallStep>(scenario, 3).on, ElementsAre("listener"));
}

TEST(Load, Outcomes) {
  const Scenario scenario =
      LoadFirst(Connected("  - server: {recv: {until: eof, expect: eof}}\n"
                          "  - server: {recv: {expect: 1..4KiB}}\n"
                          "  - server: {close: {expect: {ECONNRESET: 11, ok: 9}}}\n"
                          "  - client: {get: {option: SO_ERROR, expect: ECONNRESET}}\n"
                          "  - client: {poll: {expect: timeout}}\n"
                          "  - client: {poll: {expect: [in, rdhup]}}\n"
                          "  - client: {recv: {expect: killed}}\n"));
  std::vector<std::string> texts;
  for (size_t index = 3; index < scenario.steps.size(); ++index) {
    texts.push_back(ToString(StepAt<CallStep>(scenario, index).expected.outcome));
  }
  EXPECT_THAT(
      texts,
      ElementsAre(
          "eof", "1..4096", "{ECONNRESET: 11, ok: 9}", "104", "timeout", "[in, rdhup]", "killed"));
}

TEST(Load, LeadingZerosStayText) {
  const Scenario scenario = LoadFirst(
      "scenario: 1\ntitle: 010\nhosts: {server: {sysctl: {net.ipv4.tcp_fin_timeout: 010}}}\n"
      "steps: [server: listen]\n");
  EXPECT_EQ(scenario.title, "010");
  EXPECT_EQ(FindHost(scenario, "server")->sysctl[0].second, "010");
}

TEST(LoadFile, IdIsTheFolderAndTheStem) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "lastack_load_test" / "normal";
  std::filesystem::create_directories(folder);
  const auto path = folder / "active-close.yaml";
  std::ofstream(path) << kActiveClose;
  const auto variants = LoadScenarioFile(path.string());
  ASSERT_TRUE(variants) << variants.error().message;
  EXPECT_EQ(variants->front().scenario.id, "normal/active-close");
  EXPECT_EQ(variants->front().scenario.file, path.string());
  EXPECT_EQ(variants->front().source, kActiveClose);
  std::filesystem::remove_all(folder.parent_path());
}

TEST(LoadFile, MissingFile) {
  const auto variants = LoadScenarioFile("none/such.yaml");
  ASSERT_FALSE(variants);
  EXPECT_EQ(variants.error().kind, ErrorKind::kScenario);
  EXPECT_EQ(variants.error().message,
            "none/such.yaml: cannot be read: No such file or directory (ENOENT)");
}

TEST(LoadResolved, GivesBackEveryVariantAsItWas) {
  const auto variants = LoadAll(kRichScenario);
  EXPECT_EQ(variants.size(), 14U);
  for (const Variant& variant : variants) {
    const auto again = LoadResolved("x.yaml", variant.scenario.id, variant.resolved);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(AllTextOf(*again), AllTextOf(variant.scenario));
  }
}

TEST(LoadResolved, RefusesWhatIsNoStoredScenario) {
  for (const char* json :
       {"", "[]", "{}", R"({"scenario": 1)", R"({"scenario": {}, "places": [], "matrix": []})"}) {
    EXPECT_FALSE(LoadResolved("f", "id", json)) << json;
  }
}

TEST(LoadResolved, NamesThePlaceThatWasStored) {
  auto resolved = LoadAll(kActiveClose).front().resolved;
  const std::string from = R"("client": "connect")";
  resolved.replace(resolved.find(from), from.size(), R"("client": "conect")");
  const auto scenario = LoadResolved("f.yaml", "id", resolved);
  ASSERT_FALSE(scenario);
  EXPECT_EQ(scenario.error().message,
            "f.yaml:6:13: unknown call 'conect'; did you mean 'connect'?");
}

// Whatever is cut off or changed, loading ends with variants or with an error that has a text.
void LoadAnything(const std::string& text) {
  const auto variants = LoadScenarioText("x.yaml", "test/x", text);
  if (!variants) {
    EXPECT_THAT(variants.error().message, HasSubstr("x.yaml")) << text;
  }
}

TEST(LoadBroken, TruncatedAtEveryByte) {
  for (size_t length = 0; length < kActiveClose.size(); ++length) {
    LoadAnything(std::string(kActiveClose.substr(0, length)));
  }
}

// One change in each of these texts.
void ChangeByte(std::string_view good, size_t at, std::mt19937* random) {
  constexpr std::string_view kBytes = "{}[]:,-#&*!|>'\"%@`$? \n\tx0\xff";
  std::string text(good);
  text[at] = kBytes[(*random)() % kBytes.size()];
  LoadAnything(text);
}

TEST(LoadBroken, ChangedAtEveryByte) {
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): the same bytes each time
  for (size_t at = 0; at < kActiveClose.size(); ++at) {
    ChangeByte(kActiveClose, at, &random);
  }
  for (int count = 0; count < 100; ++count) {
    ChangeByte(kRichScenario, random() % kRichScenario.size(), &random);
  }
}

TEST(LoadBroken, LinesLeftOut) {
  for (size_t start = 0; start < kRichScenario.size();) {
    const size_t end = kRichScenario.find('\n', start) + 1;
    LoadAnything(std::string(kRichScenario.substr(0, start)) +
                 std::string(kRichScenario.substr(end)));
    start = end;
  }
}

TEST(LoadBroken, DeepNesting) {
  LoadAnything(std::string(100000, '['));
  LoadAnything("scenario: 1\nsteps: " + std::string(1000, '{'));
  EXPECT_EQ(ErrorOf("a: " + std::string(40, '[') + std::string(40, ']')).substr(0, 53),
            "x.yaml:1:35: nested more than 32 levels deep\na: [[[[[");
}

}  // namespace
}  // namespace lastack

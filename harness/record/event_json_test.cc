// Events as JSON lines: what is written is documented and read back, and what is wrong is named.
#include "record/event_json.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "record/event_members.h"

namespace lastack {
namespace {

using nlohmann::json;
using testing::HasSubstr;

Endpoint ServerSocket() {
  return {.name = "server",
          .family = Family::kMapped,
          .local = {"::ffff:10.77.0.2", 8080},
          .remote = SocketAddress{"::ffff:10.77.0.1", 40000},
          .cookie = 0xffff'ffff'ffff'fff7};
}

// One event of every kind, with every member set.
std::vector<EventData> OneOfEach() {
  return {
      RunStarted{"normal/x.v4",
                 "0.1.0",
                 "6.18.44",
                 {{"server", {{"own", "10.77.0.2"}}}},
                 {{"server", {{"net.ipv4.tcp_fin_timeout", "2"}}}}},
      StepStarted{3},
      StepFinished{3, "lastack-host ended"},
      CallStarted{4, 3, "client", "connect", {"client"}},
      CallFinished{
          4,
          3,
          "client",
          {CallResult{"c1", 5, 6, -1, "EADDRINUSE", "bind", true, {"in"}, 9, ServerSocket()},
           CallResult{"c2", 7, 8, {}, "", "", false, {}, {}, {}}}},
      CallAbandoned{4, 3, "client", true, true},
      PeerSpawned{"client", "client", 2},
      PeerExited{"client", "client", 0, "KILL"},
      KernelSampled{
          3,
          "server",
          10,
          11,
          {{"server", State::kFinWait2, SampleKind::kTimeWait, 7, "time-wait", Duration(1)}}},
      WaitFinished{3, true, Duration(12), "server is FIN-WAIT-1"},
      SignalSent{3, "server", "KILL"},
      HostChanged{3, "client", "address removed"},
      SocketDestroyed{3, "client", "ENOENT"},
      CountersRead{kBeforeFirstStep, "server", {{"TCPTimeWaitOverflow", 1}}},
      Rebound{3,
              "server",
              {"fd77::2", 8080},
              "SO_REUSEADDR",
              "nobody",
              "EADDRINUSE",
              "bind",
              Duration(13),
              14,
              15,
              16},
      ClockRead{17, 18},
      CaptureClosed{"server", "eth0", 19, 20},
      ProbeRead{"wake-up overshoot", 3, Duration(21), Duration(22)},
      BlindSpot{"kernel", "states shorter than 1 ms"},
      WireChanged{4, "cut"},
      WireDecided{"first-fin",
                  WireDecision::kDropped,
                  "client",
                  {{"10.77.0.1", 40000}, {"10.77.0.2", 8080}, 1000, 2000, "FIN,ACK", 3}},
      WireClosed{{{"first-fin", 1}}, 9, 2},
      KernelTraced{"server",
                   TraceKind::kMiniReceived,
                   7,
                   {"10.77.0.2", 8080},
                   {"10.77.0.1", 40000},
                   State::kFinWait2,
                   State::kTimeWait,
                   Duration(9),
                   "TCP_STATE",
                   "FIN,ACK"},
      TraceClosed{"server", 1, 2},
  };
}

std::filesystem::path DocumentationPath() {
  return std::filesystem::path(LASTACK_SOURCE_DIR) / "docs/evidence.md";
}

Event MakeEvent(int64_t id, EventData data) {
  return {id, "runner", Clock::kRealtime, 1'700'000'000'000'000'000 + id, std::move(data)};
}

std::string Lines(const std::vector<EventData>& all) {
  std::string text;
  int64_t id = 0;
  for (const EventData& data : all) {
    text += EventToJson(MakeEvent(++id, data)) + "\n";
  }
  return text;
}

template <typename T>
std::string MessageOf(const Result<T>& result) {
  return result ? "no error" : result.error().message;
}

std::string ErrorOf(const std::string& text) {
  return MessageOf(EventsFromJsonLines(text, "events.jsonl"));
}

// A first line that is right, and then this one.
std::string ErrorOfSecond(const std::string& line) {
  return ErrorOf(Lines({StepStarted{1}}) + line + "\n");
}

TEST(EventJson, EveryKindIsNamedAfterItsTypeAndDocumented) {
  const std::vector<std::string> kinds = {
      "run_started",    "step_started",   "step_finished",    "call_started",   "call_finished",
      "call_abandoned", "peer_spawned",   "peer_exited",      "kernel_sampled", "wait_finished",
      "signal_sent",    "host_changed",   "socket_destroyed", "counters_read",  "rebound",
      "clock_read",     "capture_closed", "probe_read",       "blind_spot",     "wire_changed",
      "wire_decided",   "wire_closed",    "kernel_traced",    "trace_closed"};
  const std::vector<EventData> all = OneOfEach();
  ASSERT_EQ(all.size(), std::variant_size_v<EventData>);
  ASSERT_EQ(all.size(), kinds.size());
  std::ifstream file(DocumentationPath());
  std::stringstream page;
  page << file.rdbuf();
  for (size_t i = 0; i < all.size(); ++i) {
    ASSERT_EQ(all[i].index(), i) << "OneOfEach is in the order of EventData";
    const json line = json::parse(EventToJson(MakeEvent(1, all[i])));
    EXPECT_EQ(line["kind"], kinds[i]);
    for (const auto& [key, value] : line.items()) {
      EXPECT_THAT(page.str(), HasSubstr("`" + key + "`")) << kinds[i];
    }
    EXPECT_THAT(page.str(), HasSubstr("### " + kinds[i] + "\n"));
  }
}

// The examples of docs/evidence.md are read as an events.jsonl of their own.
TEST(EventJson, ReadsTheExamplesOfTheDocumentation) {
  std::ifstream file(DocumentationPath());
  std::string examples;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("{\"id\":")) {
      examples += line + "\n";
    }
  }
  const auto events = EventsFromJsonLines(examples, "docs/evidence.md");
  ASSERT_TRUE(events) << events.error().message;
  EXPECT_EQ(events->size(), std::variant_size_v<EventData>);
}

TEST(EventJson, RoundTripKeepsEveryMember) {
  const std::string text = Lines(OneOfEach());
  const auto events = EventsFromJsonLines(text, "events.jsonl");
  ASSERT_TRUE(events) << events.error().message;
  std::string again;
  for (const Event& event : *events) {
    again += EventToJson(event) + "\n";
  }
  EXPECT_EQ(again, text);

  const Event& rebound = events->at(14);
  EXPECT_EQ(rebound.id, 15);
  EXPECT_EQ(rebound.source, "runner");
  EXPECT_EQ(rebound.clock, Clock::kRealtime);
  EXPECT_EQ(rebound.t_ns, 1'700'000'000'000'000'015);
  const auto& data = std::get<Rebound>(rebound.data);
  EXPECT_EQ(data.address, (SocketAddress{"fd77::2", 8080}));
  EXPECT_EQ(data.latency, Duration(13));
  EXPECT_EQ(data.t1_ns, 16);
}

TEST(EventJson, DefaultsRoundTripToo) {
  std::vector<EventData> defaults;
  for (const EventData& data : OneOfEach()) {
    std::visit(
        [&](const auto& members) { defaults.emplace_back(std::decay_t<decltype(members)>{}); },
        data);
  }
  const std::string text = Lines(defaults);
  const auto events = EventsFromJsonLines(text, "events.jsonl");
  ASSERT_TRUE(events) << events.error().message;
  ASSERT_EQ(events->size(), defaults.size());
  EXPECT_FALSE(std::get<PeerExited>(events->at(7).data).code.has_value());
}

TEST(EventJson, LineHasTheDocumentedShape) {
  const CallResult result{"client", 1, 2, 0, "", "", false, {}, {}, {}};
  EXPECT_EQ(EventToJson(MakeEvent(7, CallFinished{4, 2, "client", {result}})),
            R"({"id":7,"source":"runner","clock":"realtime","t":1700000000000000007,)"
            R"("kind":"call_finished","call":4,"step":2,"peer":"client",)"
            R"("results":[{"name":"client","t0":1,"t1":2,"value":0}]})");
}

TEST(EventJson, SharedShapesAreThoseOfTheProtocols) {
  EXPECT_EQ(EndpointToJson(Endpoint{.name = "server",
                                    .local = {"10.77.0.2", 8080},
                                    .remote = SocketAddress{"10.77.0.1", 40000},
                                    .cookie = 7}),
            json::parse(R"({"name": "server", "family": "v4", "local": ["10.77.0.2", 8080],
                            "remote": ["10.77.0.1", 40000], "cookie": 7})"));
  EXPECT_EQ(SampleToJson({"server", State::kFinWait2, SampleKind::kTimeWait, 7, "", {}}),
            json::parse(R"({"name": "server", "state": "FIN-WAIT-2", "kind": "time-wait",
                            "cookie": 7})"));
  const auto endpoint = EndpointFromJson(EndpointToJson(ServerSocket()));
  ASSERT_TRUE(endpoint) << endpoint.error().message;
  EXPECT_EQ(*endpoint, ServerSocket());
  const auto sample = SampleFromJson(json::parse(
      R"({"name": "s", "state": "CLOSED", "kind": "none", "timer": "probe", "expires": 0})"));
  ASSERT_TRUE(sample) << sample.error().message;
  EXPECT_EQ(sample->timer, "probe");
  const auto result = CallResultFromJson(json::parse(
      R"({"name": "c", "t0": 1, "t1": 2, "value": 3, "error": "EPIPE", "new key": []})"));
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->value, 3);
  EXPECT_EQ(result->error, "EPIPE");
}

TEST(EventJson, WrongSharedShapesAreNamed) {
  const auto endpoint = [](const char* text) {
    return MessageOf(EndpointFromJson(json::parse(text)));
  };
  EXPECT_EQ(endpoint("[]"), "socket: must be an object, got array");
  EXPECT_EQ(endpoint(R"({"name": "s", "family": "v4", "local": ["10.77.0.2", 65536]})"),
            "socket: \"local[1]\" is out of range");
  EXPECT_EQ(endpoint(R"({"name": "s", "family": "v5", "local": ["::", 1]})"),
            "socket: \"family\" is \"v5\", which is not one of them");
  EXPECT_EQ(MessageOf(SampleFromJson(
                json::parse(R"({"name": "s", "state": "FIN_WAIT2", "kind": "none"})"))),
            "sample: \"state\" is \"FIN_WAIT2\", which is not one of them");
  EXPECT_EQ(MessageOf(CallResultFromJson(json::parse(R"({"name": "s", "t0": 1})"))),
            "call result: \"t1\" is missing");
}

TEST(EventJson, ErrorsNameTheLineAndTheMember) {
  const std::string head = R"({"id":2,"source":"runner","clock":"monotonic","t":1,)";
  EXPECT_EQ(ErrorOfSecond("{"), "events.jsonl:2: is not JSON");
  EXPECT_EQ(ErrorOfSecond(""), "events.jsonl:2: is not JSON");
  EXPECT_EQ(ErrorOfSecond("[]"), "events.jsonl:2: event: must be an object, got array");
  EXPECT_EQ(ErrorOfSecond("{}"), "events.jsonl:2: event: \"id\" is missing");
  EXPECT_EQ(ErrorOfSecond(R"({"id":2,"source":"runner","clock":"sundial"})"),
            "events.jsonl:2: event: \"clock\" is \"sundial\", which is not one of them");
  EXPECT_EQ(ErrorOfSecond(R"({"id":2,"source":"runner","clock":"monotonic","t":1.5})"),
            "events.jsonl:2: event: \"t\" must be an integer, got a fraction");
  EXPECT_EQ(ErrorOfSecond(R"({"id":2,"source":"r","clock":"monotonic","t":9223372036854775808})"),
            "events.jsonl:2: event: \"t\" is out of range");
  EXPECT_EQ(ErrorOfSecond(head + R"("step":1})"), "events.jsonl:2: event: \"kind\" is missing");
  EXPECT_EQ(ErrorOfSecond(head + R"("kind":"step_started"})"),
            "events.jsonl:2: step_started: \"step\" is missing");
  EXPECT_EQ(ErrorOfSecond(head + R"("kind":"step_started","step":"1"})"),
            "events.jsonl:2: step_started: \"step\" must be an integer, got string");
  EXPECT_EQ(ErrorOfSecond(head + R"("kind":"step_finished","step":1,"problem":null})"),
            "events.jsonl:2: step_finished: \"problem\" must be a string, got null");
  EXPECT_EQ(
      ErrorOfSecond(head + R"("kind":"call_finished","call":1,"step":1,"peer":"p",)"
                           R"("results":[{"name":"a","t0":1,"t1":2},{"name":"b","t0":true}]})"),
      "events.jsonl:2: call_finished: \"results[1].t0\" must be an integer, got boolean");
}

TEST(EventJson, UnknownKindSuggestsTheNearest) {
  const auto events = EventsFromJsonLines(
      R"({"id":1,"source":"runner","clock":"monotonic","t":1,"kind":"step_startet","step":1})",
      "events.jsonl");
  ASSERT_FALSE(events);
  EXPECT_EQ(events.error().message, "events.jsonl:1: unknown kind \"step_startet\"");
  EXPECT_EQ(events.error().hint, "did you mean \"step_started\"?");
}

TEST(EventJson, MissingLineIsNoticed) {
  std::string text = Lines(OneOfEach());
  text.erase(0, text.find('\n') + 1);
  EXPECT_EQ(ErrorOf(text), "events.jsonl:1: event 2 stands where event 1 belongs");
}

TEST(EventJson, EveryTruncationIsAnErrorOrEndsAtALine) {
  const std::string text = Lines({CallStarted{1, 1, "p", "close", {"p"}}, StepStarted{2}});
  for (size_t size = 0; size < text.size(); ++size) {
    const auto events = EventsFromJsonLines(text.substr(0, size), "events.jsonl");
    const bool whole_lines = size == 0 || text[size - 1] == '\n' || text[size] == '\n';
    EXPECT_EQ(events.has_value(), whole_lines) << size;
  }
}

TEST(EventJson, TextThatIsNotUtf8IsWrittenAllTheSame) {
  const std::string line = EventToJson(MakeEvent(1, BlindSpot{"app", "\xff\xfe\n"}));
  EXPECT_TRUE(EventsFromJsonLines(line, "events.jsonl"));
  EXPECT_EQ(line.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace lastack

// Builds the JSON Schema from the key tables.
#include "scenario/schema.h"

#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/socket_option.h"
#include "scenario/keys.h"
#include "scenario/sysctl_names.h"
#include "tcp/state.h"

namespace lastack {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kDuration = R"(\d+(\.\d+)?(ns|us|ms|s|min))";
constexpr const char* kBytes = R"(\d+(KiB|MiB|GiB)?)";
constexpr const char* kByteRange = R"(^\d+(KiB|MiB|GiB)?(\.\.\d+(KiB|MiB|GiB)?)?$)";
constexpr const char* kCountRange = R"(^\d+(\.\.\d+)?$)";
constexpr const char* kSequence = R"(^(next([+-]\d+)?|\d+)$)";
constexpr const char* kName = "^[A-Za-z][A-Za-z0-9_-]*$";

Json Ref(const std::string& definition) {
  return {{"$ref", fmt::format("#/$defs/{}", definition)}};
}
Json Text() {
  return {{"type", "string"}};
}
Json Words(const std::vector<std::string>& words) {
  return {{"enum", words}};
}
Json ListOf(const Json& item) {
  return {{"type", "array"}, {"items", item}};
}
Json OneOrMore(const Json& item) {
  return {{"anyOf", {item, ListOf(item)}}};
}
Json MapOf(const Json& value) {
  return {{"type", "object"}, {"additionalProperties", value}};
}

Json Pattern(const std::string& pattern) {
  return {{"type", "string"}, {"pattern", pattern}};
}

Json Integer(int64_t min, int64_t max) {
  return {{"type", "integer"}, {"minimum", min}, {"maximum", max}};
}

// A YAML parser reads a bare number as one.
Json NumberOr(const std::string& pattern) {
  return {{"type", {"integer", "string"}}, {"pattern", pattern}};
}

Json States() {
  std::vector<std::string> names;
  for (const State state : AllStates()) {
    names.emplace_back(ToString(state));
  }
  return Words(names);
}

Json OptionNames() {
  std::vector<std::string> names;
  for (const OptionInfo& info : AllOptions()) {
    names.emplace_back(info.name);
  }
  return Words(names);
}

// Anything may also be inserted by the matrix, or chosen by it.
Json OrMatrix(const Json& value) {
  return {{"anyOf", {value, Ref("insertion"), Ref("cases")}}};
}

Json Options() {
  const Json one = {{"anyOf", {OptionNames(), Ref("option values")}}};
  return {{"anyOf", {one, ListOf(OrMatrix(one))}}};
}

Json OptionValues() {
  Json properties = Json::object();
  for (const OptionInfo& info : AllOptions()) {
    const Json value = info.unit == OptionUnit::kLinger
                           ? Ref("SO_LINGER")
                           : Json{{"type", {"string", "integer", "boolean"}}};
    properties[std::string(info.name)] = OrMatrix(value);
  }
  return {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
}

Json Outcome() {
  const Json counts = MapOf(NumberOr(kByteRange));
  return {{"anyOf",
           {Json{{"type", {"string", "integer", "boolean"}}},
            ListOf(Words(PollEventNames())),
            counts}}};
}

Json Sysctl() {
  Json properties = Json::object();
  for (const std::string& name : SysctlNames()) {
    properties[name] = OrMatrix({{"type", {"string", "integer"}}});
  }
  return {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
}

Json Matrix() {
  const Json dimension = {
      {"anyOf", {ListOf({{"type", {"string", "integer"}}}), Json{{"type", "object"}}}}};
  return {{"type", "object"},
          {"properties", {{"exclude", ListOf({{"type", "object"}, {"required", {"why"}}})}}},
          {"additionalProperties", dimension}};
}

Json Segments() {
  const Json one = {{"anyOf", {Text(), MapOf(Ref("expected segment"))}}};
  const Json list = ListOf(OrMatrix(one));
  return {{"anyOf", {list, MapOf(OrMatrix(list))}}};
}

// Rules by name, as far as the matrix has them.
Json Rules() {
  return {{"type", "object"},
          {"properties", {{"when", Ref("condition")}}},
          {"additionalProperties", OrMatrix(Ref("rule"))}};
}

// What a value of each shape looks like.
std::map<Shape, Json> MakeShapes() {
  constexpr int64_t kMaxCount = 1'000'000;
  constexpr int64_t kMaxInt = 2'147'483'647;
  constexpr int64_t kMaxPort = 65535;
  const Json null = {{"type", "null"}};
  return {
      {Shape::kVersion, {{"const", 1}}},
      {Shape::kText, Text()},
      {Shape::kTexts, OneOrMore(Text())},
      {Shape::kName, Pattern(".")},  // endpoints may be globs
      {Shape::kNames, OneOrMore(Text())},
      {Shape::kBoolean, {{"enum", {true, false, "true", "false", "on", "off"}}}},
      {Shape::kCount, Integer(1, kMaxCount)},
      {Shape::kInteger, Integer(0, kMaxInt)},
      {Shape::kPort, Integer(0, kMaxPort)},
      {Shape::kBytes, NumberOr(fmt::format("^{}$", kBytes))},
      {Shape::kByteRange, NumberOr(kByteRange)},
      {Shape::kDuration, Pattern(fmt::format("^{}$", kDuration))},
      {Shape::kDurationRange, Pattern(fmt::format(R"(^{0}\.\.{0}$)", kDuration))},
      {Shape::kAddress, Words(AddressNames())},
      {Shape::kFamily, Words({"v4", "v6", "mapped"})},
      {Shape::kDestination, Ref("to")},
      {Shape::kSource, Ref("from")},
      {Shape::kOptions, Ref("options")},
      {Shape::kOptionName, OptionNames()},
      {Shape::kOutcome, Ref("outcome")},
      {Shape::kEvents, OneOrMore(Words(PollEventNames()))},
      {Shape::kHow, Words(ShutdownNames())},
      {Shape::kFull, {{"const", "full"}}},
      {Shape::kEof, {{"const", "eof"}}},
      {Shape::kOk, {{"const", "ok"}}},
      {Shape::kSignal, Words(SignalNames())},
      {Shape::kFlags, OneOrMore(Text())},
      {Shape::kSomeBytes, Words({"none", "some"})},
      {Shape::kOnTerm, Words({"default", "graceful", "close"})},
      {Shape::kShows, Words({"confirms", "refutes"})},
      {Shape::kWhen, {{"anyOf", {Text(), Ref("condition")}}}},
      {Shape::kNeeds, ListOf(Words(CapabilityNames()))},
      {Shape::kSysctl, Sysctl()},
      {Shape::kClaims, ListOf(Ref("claim"))},
      {Shape::kMatrix, Matrix()},
      {Shape::kHosts, MapOf({{"anyOf", {Ref("host settings"), null}}})},
      {Shape::kPeers, MapOf({{"anyOf", {Ref("peer settings"), null}}})},
      {Shape::kSteps, ListOf(OrMatrix(Ref("step")))},
      {Shape::kExpect, Ref("expect")},
      {Shape::kStates, MapOf(OrMatrix(States()))},
      {Shape::kSegments, Segments()},
      {Shape::kHolds, Ref("holds")},
      {Shape::kSegment, Ref("segment")},
      {Shape::kAddressChange, Words({"remove", "add"})},
      {Shape::kLink, Ref("link")},
      {Shape::kRules, Rules()},
      {Shape::kUntil, Ref("until")},
      {Shape::kCountRange, NumberOr(kCountRange)},
      {Shape::kInject, Ref("inject")},
      {Shape::kSequence, NumberOr(kSequence)},
      {Shape::kIcmp, Words(IcmpNames())},
  };
}

// Every shape that a key table has is in the table above: a unit test goes through all of them.
const Json& Shown(Shape shape) {
  static const std::map<Shape, Json> kShapes = MakeShapes();
  return kShapes.at(shape);
}

// A mapping with the keys of a table, and `when`.
Json Object(const KeyTable& table) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const Key& key : table.keys) {
    const bool fixed = key.shape == Shape::kVersion || key.shape == Shape::kMatrix;
    const Json& value = Shown(key.shape);
    properties[std::string(key.name)] = fixed ? value : OrMatrix(value);
    if (key.required) {
      required.push_back(std::string(key.name));
    }
  }
  if (!properties.contains("when")) {
    properties["when"] = Ref("condition");
  }
  Json object = {{"type", "object"}, {"properties", properties}};
  if (!required.empty()) {
    object["required"] = required;
  }
  if (!table.others) {
    object["additionalProperties"] = false;
  }
  return object;
}

// `close`, `{close: {…}}`
Json PeerCall() {
  Json properties = Json::object();
  for (const Call call : AllCalls()) {
    const std::string name(ToString(call));
    Json any = {Ref(name), Json{{"type", "null"}}};
    if (!CallKeys(call).shorthand.empty()) {
      any.push_back(OneOrMore({{"type", {"string", "integer"}}}));
    }
    properties[name] = OrMatrix({{"anyOf", any}});
  }
  properties["when"] = Ref("condition");
  const Json object = {
      {"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
  return {{"anyOf", {Words(CallNames()), object}}};
}

Json Step() {
  const Json destroy = {{"anyOf", {Ref("destroy"), Text()}}};
  const Json host = {{"anyOf", {Ref("host"), Words(HostActionNames())}}};
  const Json wire = {{"anyOf", {Ref("wire"), Words(LinkActionNames())}}};
  return {{"type", "object"},
          {"properties",
           {{"signal", Ref("signal")},
            {"host", OrMatrix(MapOf(OrMatrix(host)))},
            {"destroy", OrMatrix(destroy)},
            {"counter", OrMatrix(Ref("counter"))},
            {"rebind", OrMatrix(Ref("rebind"))},
            {"wait", OrMatrix(Ref("wait"))},
            {"wire", OrMatrix(wire)},
            {"when", Ref("condition")}}},
          {"additionalProperties", OrMatrix(Ref("peer call"))}};
}

Json Cases() {
  const Json one = {{"type", "object"},
                    {"properties", {{"when", Ref("condition")}, {"is", true}}},
                    {"required", {"when", "is"}},
                    {"additionalProperties", false}};
  return {{"type", "object"},
          {"properties", {{"cases", ListOf(one)}, {"else", true}}},
          {"required", {"cases"}},
          {"additionalProperties", false}};
}

Json Definitions() {
  Json definitions = Json::object();
  for (const KeyTable* table : AllKeyTables()) {
    if (table != &ScenarioKeys()) {
      definitions[std::string(table->name)] = Object(*table);
    }
  }
  definitions["expect"]["additionalProperties"] = OrMatrix(ListOf(OrMatrix(States())));
  definitions["counter"]["additionalProperties"] = OrMatrix(Shown(Shape::kByteRange));
  definitions["options"] = Options();
  definitions["option values"] = OptionValues();
  definitions["outcome"] = Outcome();
  definitions["peer call"] = PeerCall();
  definitions["step"] = Step();
  definitions["condition"] = MapOf(OneOrMore({{"type", {"string", "integer"}}}));
  definitions["insertion"] = Pattern(R"(\$\{[A-Za-z0-9_-]+\})");
  definitions["cases"] = Cases();
  return definitions;
}

}  // namespace

std::string ScenarioSchema() {
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                 {"title", "lastack scenario, version 1"}};
  schema.update(Object(ScenarioKeys()));
  schema["$defs"] = Definitions();
  schema["$defs"]["name"] = Pattern(kName);
  schema["properties"]["hosts"]["propertyNames"] = Ref("name");
  schema["properties"]["peers"]["propertyNames"] = Ref("name");
  return schema.dump(2);
}

}  // namespace lastack

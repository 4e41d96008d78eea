// Builds the JSON Schema from the key tables.
#include "scenario/schema.h"

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

// The shapes that are one word or number.
Json Simple(Shape shape) {
  constexpr int64_t kMaxCount = 1'000'000;
  constexpr int64_t kMaxInt = 2'147'483'647;
  constexpr int64_t kMaxPort = 65535;
  if (shape == Shape::kName) {
    return Pattern(".");  // endpoints may be globs
  }
  if (shape == Shape::kBoolean) {
    return {{"enum", {true, false, "true", "false", "on", "off"}}};
  }
  if (shape == Shape::kCount) {
    return Integer(1, kMaxCount);
  }
  if (shape == Shape::kInteger) {
    return Integer(0, kMaxInt);
  }
  if (shape == Shape::kPort) {
    return Integer(0, kMaxPort);
  }
  if (shape == Shape::kBytes) {
    return NumberOr(fmt::format("^{}$", kBytes));
  }
  if (shape == Shape::kByteRange) {
    return NumberOr(kByteRange);
  }
  if (shape == Shape::kDuration) {
    return Pattern(fmt::format("^{}$", kDuration));
  }
  if (shape == Shape::kDurationRange) {
    return Pattern(fmt::format(R"(^{0}\.\.{0}$)", kDuration));
  }
  return Text();
}

Json Shown(Shape shape) {
  switch (shape) {
    case Shape::kVersion:
      return {{"const", 1}};
    case Shape::kText:
    case Shape::kName:
    case Shape::kBoolean:
    case Shape::kCount:
    case Shape::kInteger:
    case Shape::kPort:
    case Shape::kBytes:
    case Shape::kByteRange:
    case Shape::kDuration:
    case Shape::kDurationRange:
      return Simple(shape);
    case Shape::kTexts:
    case Shape::kNames:
      return OneOrMore(Text());
    case Shape::kAddress:
      return Words(AddressNames());
    case Shape::kFamily:
      return Words({"v4", "v6", "mapped"});
    case Shape::kDestination:
      return Ref("to");
    case Shape::kSource:
      return Ref("from");
    case Shape::kOptions:
      return Ref("options");
    case Shape::kOptionName:
      return OptionNames();
    case Shape::kOutcome:
      return Ref("outcome");
    case Shape::kEvents:
      return OneOrMore(Words(PollEventNames()));
    case Shape::kHow:
      return Words(ShutdownNames());
    case Shape::kFull:
      return {{"const", "full"}};
    case Shape::kEof:
      return {{"const", "eof"}};
    case Shape::kOk:
      return {{"const", "ok"}};
    case Shape::kSignal:
      return Words(SignalNames());
    case Shape::kFlags:
      return OneOrMore(Text());
    case Shape::kSomeBytes:
      return Words({"none", "some"});
    case Shape::kOnTerm:
      return Words({"default", "graceful", "close"});
    case Shape::kShows:
      return Words({"confirms", "refutes"});
    case Shape::kWhen:
      return {{"anyOf", {Text(), Ref("condition")}}};
    case Shape::kNeeds:
      return ListOf(Words(CapabilityNames()));
    case Shape::kSysctl:
      return Sysctl();
    case Shape::kClaims:
      return ListOf(Ref("claim"));
    case Shape::kMatrix:
      return Matrix();
    case Shape::kHosts:
      return MapOf({{"anyOf", {Ref("host settings"), Json{{"type", "null"}}}}});
    case Shape::kPeers:
      return MapOf({{"anyOf", {Ref("peer settings"), Json{{"type", "null"}}}}});
    case Shape::kSteps:
      return ListOf(OrMatrix(Ref("step")));
    case Shape::kExpect:
      return Ref("expect");
    case Shape::kStates:
      return MapOf(OrMatrix(States()));
    case Shape::kSegments:
      return Segments();
    case Shape::kHolds:
      return Ref("holds");
    case Shape::kSegment:
      return Ref("segment");
    case Shape::kAddressChange:
      return Words({"remove", "add"});
  }
  return {};
}

// A mapping with the keys of a table, and `when`.
Json Object(const KeyTable& table) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const Key& key : table.keys) {
    const bool fixed = key.shape == Shape::kVersion || key.shape == Shape::kMatrix;
    const Json value = Shown(key.shape);
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
  return {{"type", "object"},
          {"properties",
           {{"signal", Ref("signal")},
            {"host", MapOf(Ref("host"))},
            {"destroy", OrMatrix(destroy)},
            {"counter", OrMatrix(Ref("counter"))},
            {"rebind", OrMatrix(Ref("rebind"))},
            {"wait", OrMatrix(Ref("wait"))},
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
  definitions["counter"]["additionalProperties"] = OrMatrix(Simple(Shape::kByteRange));
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

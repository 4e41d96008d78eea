// The tables of keys and words, but for those of segments and the wire.
#include "scenario/keys.h"

#include <array>

namespace lastack {
namespace {

// What every call takes, behind its own keys.
KeyTable CallTable(std::string_view name, std::vector<Key> keys, std::string_view shorthand) {
  for (const Key& key : {Key{"expect", Shape::kOutcome},
                         Key{"took", Shape::kDurationRange},
                         Key{"within", Shape::kDuration},
                         Key{"async", Shape::kName}}) {
    keys.push_back(key);
  }
  return {name, std::move(keys), shorthand};
}

std::vector<KeyTable> MakeCallTables() {
  const Key on{"on", Shape::kNames};
  const Key as{"as", Shape::kName};
  const Key address{"address", Shape::kAddress};
  const Key port{"port", Shape::kPort};
  const Key options{"options", Shape::kOptions};
  const Key times{"times", Shape::kCount};
  const Key bytes{"bytes", Shape::kBytes};
  // In the order of enum Call.
  return {
      CallTable("bind", {as, address, port, options}, ""),
      CallTable("listen", {as, on, address, port, options, {"backlog", Shape::kInteger}}, "on"),
      CallTable("connect",
                {as,
                 on,
                 {"to", Shape::kDestination},
                 {"from", Shape::kSource},
                 times,
                 options,
                 {"family", Shape::kFamily}},
                "on"),
      CallTable("accept", {as, on, times}, "on"),
      CallTable("poll", {on, {"events", Shape::kEvents}, {"timeout", Shape::kDuration}}, "on"),
      CallTable("send", {on, bytes, {"until", Shape::kFull}, {"more", Shape::kBoolean}}, "on"),
      CallTable("recv", {on, bytes, {"until", Shape::kEof}}, "on"),
      CallTable("shutdown", {on, {"how", Shape::kHow, true}}, "on"),
      CallTable("close", {on}, "on"),
      CallTable("disconnect", {on}, "on"),
      CallTable("set", {on, {"option", Shape::kOptions, true}}, "on"),
      CallTable("get", {on, {"option", Shape::kOptionName, true}}, "on"),
      CallTable("dup", {on, {"as", Shape::kName, true}}, "on"),
      CallTable("fork", {{"as", Shape::kName, true}}, "as"),
      CallTable("pass", {{"socket", Shape::kName}, {"to", Shape::kName, true}}, ""),
      CallTable("exit", {{"code", Shape::kInteger}}, "code"),
  };
}

const std::vector<KeyTable>& CallTables() {
  static const std::vector<KeyTable> kTables = MakeCallTables();
  return kTables;
}

}  // namespace

const KeyTable& ScenarioKeys() {
  static const KeyTable kTable = {"scenario",
                                  {{"scenario", Shape::kVersion, true},
                                   {"title", Shape::kText, true},
                                   {"about", Shape::kText},
                                   {"refs", Shape::kTexts},
                                   {"claims", Shape::kClaims},
                                   {"labels", Shape::kNames},
                                   {"needs", Shape::kNeeds},
                                   {"matrix", Shape::kMatrix},
                                   {"hosts", Shape::kHosts},
                                   {"peers", Shape::kPeers},
                                   {"link", Shape::kLink},
                                   {"wire", Shape::kRules},
                                   {"steps", Shape::kSteps, true},
                                   {"expect", Shape::kExpect}},
                                  ""};
  return kTable;
}

const KeyTable& HostKeys() {
  static const KeyTable kTable = {
      "host settings",
      {{"sysctl", Shape::kSysctl}, {"delayed_ack", Shape::kBoolean}, {"user", Shape::kText}},
      ""};
  return kTable;
}

const KeyTable& PeerKeys() {
  static const KeyTable kTable = {
      "peer settings",
      {{"host", Shape::kName}, {"user", Shape::kText}, {"on_term", Shape::kOnTerm}},
      ""};
  return kTable;
}

const KeyTable& ClaimRefKeys() {
  static const KeyTable kTable = {
      "claim",
      {{"id", Shape::kName, true}, {"shows", Shape::kShows, true}, {"when", Shape::kWhen}},
      ""};
  return kTable;
}

const KeyTable& CallKeys(Call call) {
  return CallTables()[static_cast<size_t>(call)];
}

const KeyTable& DestinationKeys() {
  static const KeyTable kTable = {
      "to", {{"host", Shape::kName}, {"address", Shape::kAddress}, {"port", Shape::kPort}}, ""};
  return kTable;
}

const KeyTable& SourceKeys() {
  static const KeyTable kTable = {
      "from", {{"address", Shape::kAddress}, {"port", Shape::kPort}}, ""};
  return kTable;
}

const KeyTable& LingerKeys() {
  static const KeyTable kTable = {
      "SO_LINGER", {{"on", Shape::kBoolean}, {"seconds", Shape::kInteger, true}}, ""};
  return kTable;
}

const KeyTable& SignalKeys() {
  static const KeyTable kTable = {
      "signal", {{"peer", Shape::kName, true}, {"send", Shape::kSignal, true}}, ""};
  return kTable;
}

const KeyTable& HostStepKeys() {
  static const KeyTable kTable = {"host", {{"address", Shape::kAddressChange, true}}, ""};
  return kTable;
}

const KeyTable& DestroyKeys() {
  static const KeyTable kTable = {"destroy", {{"endpoint", Shape::kName, true}}, "endpoint"};
  return kTable;
}

const KeyTable& CounterKeys() {
  static const KeyTable kTable = {"counter", {{"host", Shape::kName, true}}, "", true};
  return kTable;
}

const KeyTable& RebindKeys() {
  static const KeyTable kTable = {"rebind",
                                  {{"host", Shape::kName},
                                   {"on", Shape::kName},
                                   {"address", Shape::kAddress},
                                   {"port", Shape::kPort},
                                   {"options", Shape::kOptions},
                                   {"user", Shape::kText},
                                   {"until", Shape::kOk},
                                   {"took", Shape::kDurationRange},
                                   {"within", Shape::kDuration},
                                   {"async", Shape::kName},
                                   {"expect", Shape::kOutcome}},
                                  ""};
  return kTable;
}

const KeyTable& WaitKeys() {
  static const KeyTable kTable = {"wait",
                                  {{"state", Shape::kStates},
                                   {"segment", Shape::kSegment},
                                   {"call", Shape::kName},
                                   {"exit", Shape::kName},
                                   {"for", Shape::kDuration},
                                   {"holds", Shape::kHolds},
                                   {"within", Shape::kDuration},
                                   {"took", Shape::kDurationRange}},
                                  ""};
  return kTable;
}

const KeyTable& HoldsKeys() {
  static const KeyTable kTable = {"holds", {{"state", Shape::kStates, true}}, ""};
  return kTable;
}

const KeyTable& ExpectKeys() {
  static const KeyTable kTable = {"expect", {{"segments", Shape::kSegments}}, "", true};
  return kTable;
}

const std::vector<const KeyTable*>& AllKeyTables() {
  static const std::vector<const KeyTable*> kAll = [] {
    std::vector<const KeyTable*> all = {
        &ScenarioKeys(), &HostKeys(),           &PeerKeys(),   &ClaimRefKeys(), &DestinationKeys(),
        &SourceKeys(),   &LingerKeys(),         &SignalKeys(), &HostStepKeys(), &DestroyKeys(),
        &CounterKeys(),  &RebindKeys(),         &WaitKeys(),   &HoldsKeys(),    &SegmentKeys(),
        &LinkKeys(),     &RuleKeys(),           &UntilKeys(),  &WireStepKeys(), &InjectKeys(),
        &ExpectKeys(),   &ExpectedSegmentKeys()};
    for (const KeyTable& table : CallTables()) {
      all.push_back(&table);
    }
    return all;
  }();
  return kAll;
}

std::vector<std::string> KeyNames(const KeyTable& table) {
  std::vector<std::string> names;
  for (const Key& key : table.keys) {
    names.emplace_back(key.name);
  }
  return names;
}

const std::vector<Call>& AllCalls() {
  using enum Call;
  static const std::vector<Call> kAll = {kBind,
                                         kListen,
                                         kConnect,
                                         kAccept,
                                         kPoll,
                                         kSend,
                                         kRecv,
                                         kShutdown,
                                         kClose,
                                         kDisconnect,
                                         kSet,
                                         kGet,
                                         kDup,
                                         kFork,
                                         kPass,
                                         kExit};
  return kAll;
}

std::vector<std::string> CallNames() {
  std::vector<std::string> names;
  for (const Call call : AllCalls()) {
    names.emplace_back(ToString(call));
  }
  return names;
}

const std::vector<std::string>& StepNames() {
  static const std::vector<std::string> kNames = {
      "signal", "host", "destroy", "counter", "rebind", "wait", "wire"};
  return kNames;
}

const std::vector<std::string>& SignalNames() {
  static const std::vector<std::string> kNames = {"KILL", "TERM", "STOP", "CONT", "ABRT", "SEGV"};
  return kNames;
}

const std::vector<std::string>& PollEventNames() {
  static const std::vector<std::string> kNames = {"in", "out", "rdhup", "hup", "err"};
  return kNames;
}

const std::vector<std::string>& ShutdownNames() {
  static const std::vector<std::string> kNames = {"rd", "wr", "rdwr"};
  return kNames;
}

}  // namespace lastack

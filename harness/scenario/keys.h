// The keys of the scenario format: which there are, where they stand, and what their values look
// like.
//
// One set of tables serves the loader (which keys are known) and the JSON Schema, so that they
// cannot differ.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scenario/model.h"

namespace lastack {

// What a value looks like.
enum class Shape {
  kVersion,
  kText,
  kTexts,
  kName,
  kNames,
  kBoolean,
  kCount,
  kInteger,
  kPort,
  kBytes,
  kByteRange,
  kDuration,
  kDurationRange,
  kAddress,
  kFamily,
  kDestination,
  kSource,
  kOptions,
  kOptionName,
  kOutcome,
  kEvents,
  kHow,
  kFull,
  kEof,
  kOk,
  kSignal,
  kFlags,
  kSomeBytes,
  kOnTerm,
  kShows,
  kWhen,
  kNeeds,
  kSysctl,
  kClaims,
  kMatrix,
  kHosts,
  kPeers,
  kSteps,
  kExpect,
  kStates,
  kSegments,
  kHolds,
  kSegment,
  kAddressChange,
  kLink,
  kRules,
  kUntil,
  kCountRange,
  kInject,
  kSequence,
  kIcmp,
};

struct Key {
  std::string_view name;
  Shape shape = Shape::kText;
  bool required = false;
};

// The keys of one kind of mapping.
struct KeyTable {
  std::string_view name;  // what messages and the schema call the mapping
  std::vector<Key> keys;
  std::string_view shorthand;  // the key that a value other than a mapping stands for; may be empty
  bool others = false;         // further keys are names that the scenario chooses
};

[[nodiscard]] const KeyTable& ScenarioKeys();
[[nodiscard]] const KeyTable& HostKeys();
[[nodiscard]] const KeyTable& PeerKeys();
[[nodiscard]] const KeyTable& ClaimRefKeys();
[[nodiscard]] const KeyTable& CallKeys(Call call);
[[nodiscard]] const KeyTable& DestinationKeys();
[[nodiscard]] const KeyTable& SourceKeys();
[[nodiscard]] const KeyTable& LingerKeys();
[[nodiscard]] const KeyTable& SignalKeys();
[[nodiscard]] const KeyTable& HostStepKeys();
[[nodiscard]] const KeyTable& DestroyKeys();
[[nodiscard]] const KeyTable& CounterKeys();
[[nodiscard]] const KeyTable& RebindKeys();
[[nodiscard]] const KeyTable& WaitKeys();
[[nodiscard]] const KeyTable& HoldsKeys();
[[nodiscard]] const KeyTable& SegmentKeys();
[[nodiscard]] const KeyTable& LinkKeys();
[[nodiscard]] const KeyTable& RuleKeys();
[[nodiscard]] const KeyTable& UntilKeys();
[[nodiscard]] const KeyTable& WireStepKeys();
[[nodiscard]] const KeyTable& InjectKeys();
[[nodiscard]] const KeyTable& ExpectKeys();
[[nodiscard]] const KeyTable& ExpectedSegmentKeys();

// Every table, those of the calls included.
[[nodiscard]] const std::vector<const KeyTable*>& AllKeyTables();

[[nodiscard]] std::vector<std::string> KeyNames(const KeyTable& table);

[[nodiscard]] const std::vector<Call>& AllCalls();
[[nodiscard]] std::vector<std::string> CallNames();

// The steps that are not calls of a peer: signal, host, destroy, counter, rebind, wait, wire.
[[nodiscard]] const std::vector<std::string>& StepNames();

[[nodiscard]] const std::vector<std::string>& SignalNames();
[[nodiscard]] const std::vector<std::string>& PollEventNames();
[[nodiscard]] const std::vector<std::string>& SegmentFlagNames();
[[nodiscard]] const std::vector<std::string>& IcmpNames();
// What a host does as a whole: reboot, vanish.
[[nodiscard]] const std::vector<std::string>& HostActionNames();
// The wire steps that take nothing: cut, mend.
[[nodiscard]] const std::vector<std::string>& LinkActionNames();
[[nodiscard]] const std::vector<std::string>& ShutdownNames();

}  // namespace lastack

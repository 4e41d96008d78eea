// Binds what is said about the wire: the link, its rules, and the steps that change them.
#include <algorithm>

#include <fmt/format.h>

#include "scenario/bind_parts.h"

namespace lastack {
namespace {

AddRule BindAdd(Binding& binding, const Node& node) {
  if (!node.IsMap() || node.entries.size() != 1) {
    const bool several = node.entries.size() > 1;
    binding.problems.Add(several ? node.entries[1].place : node.place,
                         several ? "a step adds one rule" : "'add' takes {NAME: RULE}");
    return {};
  }
  return {BindRule(binding, node.entries.front())};
}

// A rule that is there.
KnownRule* FindRule(Binding& binding, const Node& node) {
  const std::string name = ReadText(node, binding.problems);
  std::vector<std::string> names;
  for (KnownRule& rule : binding.rules) {
    if (rule.name != name) {
      names.push_back(rule.name);
      continue;
    }
    if (rule.removed) {
      binding.problems.Add(
          node.place,
          fmt::format("rule '{}' has been removed (line {})", name, rule.removed->line));
    }
    return &rule;
  }
  binding.problems.Add(node.place, Unknown("rule", name, names));
  return nullptr;
}

RemoveRule BindRemove(Binding& binding, const Node& node) {
  if (KnownRule* rule = FindRule(binding, node)) {
    rule->removed = node.place;
  }
  return {node.text};
}

ReleaseRule BindRelease(Binding& binding, const Node& node) {
  static_cast<void>(FindRule(binding, node));
  return {node.text};
}

// next, next+100, next-1, or a number; nothing for any other text.
std::optional<SequenceChoice> ParseSequence(std::string_view text) {
  constexpr std::string_view kNext = "next";
  const bool next = text.starts_with(kNext);
  text.remove_prefix(next ? kNext.size() : 0);
  if (next && text.empty()) {
    return SequenceChoice{};
  }
  const bool minus = next && text.starts_with('-');
  if (next && !minus && !text.starts_with('+')) {
    return std::nullopt;
  }
  text.remove_prefix(next ? 1 : 0);
  const auto number = ParseInteger(text);
  if (!number || !kSequenceNumbers.Contains(*number)) {
    return std::nullopt;
  }
  return SequenceChoice{next, minus ? -*number : *number};
}

SequenceChoice ReadSequence(const Node& node, Problems& problems) {
  const std::string text = ReadText(node, problems);
  const auto choice = ParseSequence(text);
  if (!choice) {
    problems.Add(
        node.place,
        fmt::format("'{}' is no sequence number: next, next+100, next-1, or a number from the "
                    "SYN, which is 0",
                    text));
  }
  return choice.value_or(SequenceChoice{});
}

void BindSegmentToInject(const MapReader& reader, Inject* inject, Problems& problems) {
  // What fits into a frame beside the largest headers.
  constexpr int64_t kMaxBytes = 1400;
  if (const Node* flags = reader.Get("flags")) {
    inject->flags = ReadFlags(*flags, problems);
  }
  if (const Node* seq = reader.Get("seq")) {
    inject->seq = ReadSequence(*seq, problems);
  }
  if (const Node* ack = reader.Get("ack")) {
    inject->ack = ReadSequence(*ack, problems);
  }
  if (const Node* bytes = reader.Get("bytes")) {
    inject->bytes = ReadBytes(*bytes, problems);
    if (inject->bytes > kMaxBytes) {
      problems.Add(bytes->place, fmt::format("{} is not in 0..{}", inject->bytes, kMaxBytes));
    }
  }
}

Inject BindInject(Binding& binding, const Node& node) {
  const MapReader reader(binding.problems, node, InjectKeys());
  Inject inject;
  static_cast<void>(reader.OnlyOne({"flags", "icmp"}, "'inject' needs 'flags' or 'icmp'"));
  reader.Exclude("icmp", {"seq", "ack", "bytes"});
  if (const Node* connection = reader.Get("connection")) {
    inject.connection = ReadEndpoint(binding, *connection);
  } else if (!binding.endpoints.HasConnection()) {
    binding.problems.Add(node.place, "there is no connection yet that this could belong to");
  }
  if (const Node* from = reader.Get("from")) {
    inject.from = ReadHost(binding, *from);
  }
  BindSegmentToInject(reader, &inject, binding.problems);
  if (const Node* icmp = reader.Get("icmp")) {
    inject.icmp = ReadWord(*icmp, "value of 'icmp'", IcmpNames(), binding.problems);
  }
  return inject;
}

// cut, mend.
WireStep BindWireWord(const Node& node, Problems& problems) {
  const auto& keys = WireStepKeys().keys;
  const bool key =
      std::any_of(keys.begin(), keys.end(), [&](const Key& k) { return k.name == node.text; });
  if (key) {
    problems.Add(node.place, fmt::format("'{0}' takes something: {{{0}: …}}", node.text));
    return {};
  }
  std::vector<std::string> known = KeyNames(WireStepKeys());
  known.insert(known.end(), LinkActionNames().begin(), LinkActionNames().end());
  if (node.text == "mend") {
    return {MendLink{}};
  }
  if (node.text != "cut") {
    problems.Add(node.place, Unknown("wire action", node.text, known));
  }
  return {CutLink{}};
}

}  // namespace

WireStep BindWireStep(Binding& binding, const Node& node) {
  if (node.IsScalar()) {
    return BindWireWord(node, binding.problems);
  }
  const MapReader reader(binding.problems, node, WireStepKeys());
  const std::string_view kind =
      reader.OnlyOne({"add", "remove", "release", "inject"},
                     "'wire' needs one of: add, remove, release, inject, cut, mend");
  if (kind == "add") {
    return {BindAdd(binding, *reader.Get(kind))};
  }
  if (kind == "remove") {
    return {BindRemove(binding, *reader.Get(kind))};
  }
  if (kind == "release") {
    return {BindRelease(binding, *reader.Get(kind))};
  }
  if (kind == "inject") {
    return {BindInject(binding, *reader.Get(kind))};
  }
  return {};
}

void BindLink(Binding& binding, const MapReader& whole) {
  if (const Node* link = whole.Get("link")) {
    const MapReader reader(binding.problems, *link, LinkKeys());
    if (const Node* delay = reader.Get("delay")) {
      binding.scenario.link_delay = ReadDuration(*delay, binding.problems);
      binding.scenario.wire = true;
    }
  }
  const Node* rules = whole.Get("wire");
  if (rules == nullptr) {
    return;
  }
  binding.scenario.wire = true;
  if (!rules->IsMap()) {
    binding.problems.Add(rules->place, "'wire' is a mapping of names to rules");
  }
  for (const Entry& entry : rules->entries) {
    binding.scenario.rules.push_back(BindRule(binding, entry));
  }
}

}  // namespace lastack

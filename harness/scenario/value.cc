// Reads single values, each with the message for what is wrong with it.
#include "scenario/value.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <utility>

#include <fmt/format.h>

namespace lastack {
namespace {

bool IsNameCharacter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
}

}  // namespace

std::optional<int64_t> ParseInteger(std::string_view text) {
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.empty() || (digits.size() > 1 && digits[0] == '0')) {
    return std::nullopt;
  }
  int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end) {
    return std::nullopt;
  }
  return number;
}

std::optional<int64_t> ParseBytes(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, int64_t>, 3> kUnits = {{
      {"KiB", int64_t{1} << 10U},
      {"MiB", int64_t{1} << 20U},
      {"GiB", int64_t{1} << 30U},
  }};
  for (const auto& [unit, factor] : kUnits) {
    if (!text.ends_with(unit)) {
      continue;
    }
    const auto number = ParseInteger(text.substr(0, text.size() - unit.size()));
    if (!number || *number < 0 || *number > std::numeric_limits<int64_t>::max() / factor) {
      return std::nullopt;
    }
    return *number * factor;
  }
  return ParseInteger(text);
}

std::optional<std::pair<std::string, std::string>> SplitRange(std::string_view text) {
  const size_t dots = text.find("..");
  if (dots == std::string_view::npos) {
    return std::nullopt;
  }
  return std::pair(std::string(text.substr(0, dots)), std::string(text.substr(dots + 2)));
}

MapReader::MapReader(Problems& problems, const Node& node, const KeyTable& table)
    : problems_(problems), node_(node), table_(table) {
  CheckKeys();
}

void MapReader::CheckKeys() const {
  const bool shorthand = !table_.shorthand.empty();
  if (!node_.IsMap() && !node_.IsNull() && !shorthand) {
    problems_.Add(node_.place,
                  fmt::format("'{}' takes a mapping, not {}", table_.name, KindName(node_)));
  }
  for (const Entry& entry : node_.entries) {
    if (!table_.others && Get(entry.key) == nullptr) {
      problems_.Add(entry.place, Unknown("key", entry.key, KeyNames(table_)));
    }
  }
  for (const Key& key : table_.keys) {
    if (key.required && Get(key.name) == nullptr) {
      problems_.Add(node_.place, fmt::format("'{}' needs the key '{}'", table_.name, key.name));
    }
  }
}

const Node* MapReader::Get(std::string_view key) const {
  if (!node_.IsMap()) {
    return key == table_.shorthand && !node_.IsNull() ? &node_ : nullptr;
  }
  const bool known = std::any_of(
      table_.keys.begin(), table_.keys.end(), [&](const Key& k) { return k.name == key; });
  const Entry* entry = known ? node_.Find(key) : nullptr;
  return entry == nullptr ? nullptr : &entry->value;
}

std::vector<const Entry*> MapReader::Others() const {
  std::vector<const Entry*> others;
  for (const Entry& entry : node_.entries) {
    if (Get(entry.key) == nullptr) {
      others.push_back(&entry);
    }
  }
  return others;
}

std::string_view MapReader::OnlyOne(const std::vector<std::string_view>& keys,
                                    const std::string& if_none) const {
  std::string_view found;
  for (const std::string_view key : keys) {
    const Node* value = Get(key);
    if (value != nullptr && !found.empty()) {
      problems_.Add(value->place, fmt::format("'{}' and '{}' exclude each other", found, key));
    }
    found = value == nullptr ? found : key;
  }
  if (found.empty()) {
    problems_.Add(node_.place, if_none);
  }
  return found;
}

void MapReader::Exclude(std::string_view key, const std::vector<std::string_view>& others) const {
  if (!Has(key)) {
    return;
  }
  for (const std::string_view other : others) {
    if (const Node* node = Get(other)) {
      problems_.Add(node->place, fmt::format("'{}' and '{}' exclude each other", key, other));
    }
  }
}

std::string ReadText(const Node& node, Problems& problems) {
  if (!node.IsScalar()) {
    problems.Add(node.place, fmt::format("text is wanted here, not {}", KindName(node)));
  }
  return node.text;
}

std::vector<std::string> ReadTexts(const Node& node, Problems& problems) {
  if (node.IsScalar()) {
    return {node.text};
  }
  if (!node.IsSequence()) {
    problems.Add(node.place, fmt::format("a list is wanted here, not {}", KindName(node)));
  }
  std::vector<std::string> texts;
  for (const Node& item : node.items) {
    texts.push_back(ReadText(item, problems));
  }
  return texts;
}

void CheckName(const std::string& name, const Place& place, Problems& problems) {
  const bool good = !name.empty() && std::isalpha(static_cast<unsigned char>(name[0])) != 0 &&
                    std::all_of(name.begin(), name.end(), IsNameCharacter);
  if (!good) {
    problems.Add(place,
                 fmt::format("'{}' is no name: a letter, then letters, digits, - and _", name));
  }
}

std::string ReadName(const Node& node, Problems& problems) {
  std::string name = ReadText(node, problems);
  CheckName(name, node.place, problems);
  return name;
}

bool ReadBoolean(const Node& node, Problems& problems) {
  const std::string text = ReadText(node, problems);
  if (text != "true" && text != "on" && text != "false" && text != "off") {
    problems.Add(node.place, fmt::format("'{}' is neither true (on) nor false (off)", text));
  }
  return text == "true" || text == "on";
}

int64_t ReadInteger(const Node& node, Range<int64_t> allowed, Problems& problems) {
  const std::string text = ReadText(node, problems);
  const auto number = ParseInteger(text);
  if (!number) {
    problems.Add(node.place, fmt::format("'{}' is no whole number", text));
  } else if (!allowed.Contains(*number)) {
    problems.Add(node.place, fmt::format("{} is not in {}..{}", *number, allowed.min, allowed.max));
  }
  return number.value_or(allowed.min);
}

int64_t ReadBytes(const Node& node, Problems& problems) {
  const std::string text = ReadText(node, problems);
  const auto bytes = ParseBytes(text);
  if (!bytes || *bytes < 0) {
    problems.Add(node.place, fmt::format("'{}' is no number of bytes, e.g. 5 or 4KiB", text));
  }
  return bytes.value_or(0);
}

Duration ReadDuration(const Node& node, Problems& problems) {
  const std::string text = ReadText(node, problems);
  const auto duration = ParseDuration(text);
  if (duration) {
    return *duration;
  }
  problems.Add(node.place,
               ParseDuration(text + "s")
                   ? std::string("a duration needs a unit, e.g. 5s")
                   : fmt::format("'{}' is no duration, e.g. 250ms, 5s, 1min", text));
  return {};
}

Range<Duration> ReadDurationRange(const Node& node, Problems& problems) {
  const auto ends = SplitRange(ReadText(node, problems));
  if (!ends) {
    problems.Add(node.place, "a range of durations is wanted here, e.g. 1s..1.3s");
    return {};
  }
  const Range<Duration> range{ReadDuration(ScalarNode(ends->first, node.place), problems),
                              ReadDuration(ScalarNode(ends->second, node.place), problems)};
  if (range.min > range.max) {
    problems.Add(node.place, fmt::format("the range {} runs backwards", node.text));
  }
  return range;
}

Range<int64_t> ReadRange(const Node& node, Problems& problems) {
  const std::string text = ReadText(node, problems);
  const auto ends = SplitRange(text).value_or(std::pair(text, text));
  const auto min = ParseBytes(ends.first);
  const auto max = ParseBytes(ends.second);
  if (!min || !max) {
    problems.Add(node.place, fmt::format("'{}' is no number or range, e.g. 5 or 1..10", text));
    return {};
  }
  if (*min > *max) {
    problems.Add(node.place, fmt::format("the range {} runs backwards", text));
  }
  return {*min, *max};
}

Range<int64_t> ReadRangeIn(const Node& node, Range<int64_t> allowed, Problems& problems) {
  const Range<int64_t> range = ReadRange(node, problems);
  for (const int64_t end : {range.min, range.max}) {
    if (!allowed.Contains(end)) {
      problems.Add(node.place, fmt::format("{} is not in {}..{}", end, allowed.min, allowed.max));
    }
  }
  return range;
}

std::string ReadWord(const Node& node,
                     const std::string& kind,
                     const std::vector<std::string>& words,
                     Problems& problems) {
  std::string text = ReadText(node, problems);
  if (std::find(words.begin(), words.end(), text) == words.end()) {
    problems.Add(node.place, Unknown(kind, text, words));
  }
  return text;
}

}  // namespace lastack

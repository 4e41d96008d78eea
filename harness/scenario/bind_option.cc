// Reads the value of an option by the option's unit.
#include "scenario/bind_option.h"

#include <chrono>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "base/errno_name.h"
#include "scenario/value.h"

namespace lastack {
namespace {

constexpr int64_t kMaxInt = std::numeric_limits<int>::max();

std::vector<std::string> OptionNames() {
  std::vector<std::string> names;
  for (const OptionInfo& info : AllOptions()) {
    names.emplace_back(info.name);
  }
  return names;
}

// "2s" in units of `unit`; -1 and the like are raw. Nothing if it is no whole number of units.
std::optional<int64_t> ParseTime(std::string_view text, Duration unit) {
  const auto raw = ParseInteger(text);
  if (raw && *raw < 0) {
    return raw;
  }
  const auto duration = ParseDuration(text);
  if (!duration || *duration % unit != Duration::zero()) {
    return std::nullopt;
  }
  return *duration / unit;
}

std::optional<int64_t> ParseFlag(std::string_view text) {
  if (text == "true" || text == "on") {
    return 1;
  }
  if (text == "false" || text == "off") {
    return 0;
  }
  return ParseInteger(text);
}

// An errno name stands for its number: what SO_ERROR holds.
std::optional<int64_t> ParseNumber(std::string_view text) {
  const auto error = ErrnoFromName(text);
  return error ? std::optional<int64_t>(*error) : ParseInteger(text);
}

std::optional<int64_t> ParseOptionValue(const OptionInfo& info, std::string_view text) {
  std::optional<int64_t> value;
  switch (info.unit) {
    case OptionUnit::kFlag:
    case OptionUnit::kLinger:  // as `get` sees it: l_onoff
      value = ParseFlag(text);
      break;
    case OptionUnit::kNumber:
      value = ParseNumber(text);
      break;
    case OptionUnit::kBytes:
      value = ParseBytes(text);
      break;
    case OptionUnit::kSeconds:
      value = ParseTime(text, std::chrono::seconds(1));
      break;
    case OptionUnit::kMilliseconds:
    case OptionUnit::kTimeval:
      value = ParseTime(text, std::chrono::milliseconds(1));
      break;
  }
  return value && *value >= -kMaxInt && *value <= kMaxInt ? value : std::nullopt;
}

std::string_view Wanted(OptionUnit unit) {
  switch (unit) {
    case OptionUnit::kFlag:
      return "true or false";
    case OptionUnit::kNumber:
      return "a whole number";
    case OptionUnit::kBytes:
      return "a number of bytes, e.g. 4KiB";
    case OptionUnit::kSeconds:
      return "whole seconds with a unit, e.g. 2s";
    case OptionUnit::kMilliseconds:
    case OptionUnit::kTimeval:
      return "whole milliseconds with a unit, e.g. 500ms or 1s";
    case OptionUnit::kLinger:
      return "a mapping, e.g. {on: true, seconds: 0}";
  }
  return "";
}

SocketOption ReadLinger(const OptionInfo& info, const Node& node, Problems& problems) {
  SocketOption option{std::string(info.name)};
  const MapReader reader(problems, node, LingerKeys());
  if (const Node* on = reader.Get("on")) {
    option.value = ReadBoolean(*on, problems) ? 1 : 0;
  }
  if (const Node* seconds = reader.Get("seconds")) {
    option.seconds = ReadInteger(*seconds, {0, kMaxInt}, problems);
  }
  return option;
}

SocketOption ReadOption(const Node& name, const Node& value, Problems& problems) {
  const OptionInfo* info = ReadOptionName(name, problems);
  if (info == nullptr) {
    return {};
  }
  if (info->unit == OptionUnit::kLinger) {
    return ReadLinger(*info, value, problems);
  }
  const auto number = ParseOptionValue(*info, ReadText(value, problems));
  if (!number) {
    problems.Add(value.place, fmt::format("{} takes {}", info->name, Wanted(info->unit)));
  }
  return {std::string(info->name), number.value_or(0)};
}

SocketOption ReadPlainOption(const Node& node, Problems& problems) {
  const OptionInfo* info = ReadOptionName(node, problems);
  if (info == nullptr) {
    return {};
  }
  if (info->unit != OptionUnit::kFlag) {
    problems.Add(node.place, fmt::format("{} needs a value: {}", info->name, Wanted(info->unit)));
  }
  return {std::string(info->name)};
}

}  // namespace

const OptionInfo* ReadOptionName(const Node& node, Problems& problems) {
  const std::string name = ReadText(node, problems);
  const OptionInfo* info = FindOption(name);
  if (info == nullptr) {
    problems.Add(node.place, Unknown("option", name, OptionNames()));
  }
  return info;
}

std::optional<Range<int64_t>> ParseOptionRange(const OptionInfo& info, std::string_view text) {
  const auto ends = SplitRange(text).value_or(std::pair(std::string(text), std::string(text)));
  const auto min = ParseOptionValue(info, ends.first);
  const auto max = ParseOptionValue(info, ends.second);
  if (!min || !max || *min > *max) {
    return std::nullopt;
  }
  return Range<int64_t>{*min, *max};
}

std::vector<SocketOption> ReadOptions(const Node& node, Problems& problems) {
  std::vector<SocketOption> options;
  if (node.IsScalar()) {
    options.push_back(ReadPlainOption(node, problems));
  }
  for (const Entry& entry : node.entries) {
    options.push_back(ReadOption(ScalarNode(entry.key, entry.place), entry.value, problems));
  }
  for (const Node& item : node.items) {
    const auto more = ReadOptions(item, problems);
    options.insert(options.end(), more.begin(), more.end());
  }
  return options;
}

}  // namespace lastack

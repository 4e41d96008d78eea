// Reads single values: text, numbers, durations, ranges, names out of a list, and the keys of
// mappings.
//
// Units: bytes as integers, durations as Duration. Errors: into Problems; the value is then a
// default.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "scenario/diagnostic.h"
#include "scenario/keys.h"
#include "scenario/node.h"

namespace lastack {

// A mapping whose keys are checked against a table: unknown and missing keys are problems at once.
// A value other than a mapping stands for the table's shorthand key; nothing stands for a mapping
// without keys. The node must outlive it.
class MapReader {
 public:
  MapReader(Problems& problems, const Node& node, const KeyTable& table);

  // The value of a key of the table; null if it is not there.
  [[nodiscard]] const Node* Get(std::string_view key) const;
  [[nodiscard]] bool Has(std::string_view key) const { return Get(key) != nullptr; }
  // The entries whose keys are not in the table.
  [[nodiscard]] std::vector<const Entry*> Others() const;
  // The one of these keys that is there. Several are a problem, and so is none: `if_none`.
  [[nodiscard]] std::string_view OnlyOne(const std::vector<std::string_view>& keys,
                                         const std::string& if_none) const;
  // A problem at `key` for the first of `others` that is there as well.
  void Exclude(std::string_view key, const std::vector<std::string_view>& others) const;

 private:
  void CheckKeys() const;

  Problems& problems_;
  const Node& node_;
  const KeyTable& table_;
};

// Numbers as text: "5", "-1"; no leading zeros, no sign +.
[[nodiscard]] std::optional<int64_t> ParseInteger(std::string_view text);
// Also "4KiB", "1MiB", "1GiB".
[[nodiscard]] std::optional<int64_t> ParseBytes(std::string_view text);

[[nodiscard]] std::string ReadText(const Node& node, Problems& problems);
[[nodiscard]] std::vector<std::string> ReadTexts(const Node& node, Problems& problems);
// A name that scenarios give: a letter, then letters, digits, - and _.
[[nodiscard]] std::string ReadName(const Node& node, Problems& problems);
void CheckName(const std::string& name, const Place& place, Problems& problems);
// true, on; false, off.
[[nodiscard]] bool ReadBoolean(const Node& node, Problems& problems);
[[nodiscard]] int64_t ReadInteger(const Node& node, Range<int64_t> allowed, Problems& problems);
[[nodiscard]] int64_t ReadBytes(const Node& node, Problems& problems);
[[nodiscard]] Duration ReadDuration(const Node& node, Problems& problems);
[[nodiscard]] Range<Duration> ReadDurationRange(const Node& node, Problems& problems);
// "5", "1..10", "1..1MiB".
[[nodiscard]] Range<int64_t> ReadRange(const Node& node, Problems& problems);
// The same, within these.
[[nodiscard]] Range<int64_t> ReadRangeIn(const Node& node,
                                         Range<int64_t> allowed,
                                         Problems& problems);
// One of these words; `kind` is for the message.
[[nodiscard]] std::string ReadWord(const Node& node,
                                   const std::string& kind,
                                   const std::vector<std::string>& words,
                                   Problems& problems);

// Relative ones: the SYN of the sender is 0.
constexpr Range<int64_t> kSequenceNumbers = {0, 0xffff'ffff};

// Both sides of "1..10"; nothing without "..".
[[nodiscard]] std::optional<std::pair<std::string, std::string>> SplitRange(std::string_view text);

}  // namespace lastack

// The tree that a scenario file is before it means anything: text, lists and mappings, each with
// its place.
//
// Scalars stay text: nothing is read as a number, a boolean or a date before a key says what it has
// to be, so 010 is not 8 and `on` is not true.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scenario/model.h"

namespace lastack {

struct Entry;

struct Node {
  enum class Kind { kNull, kScalar, kSequence, kMap };

  Kind kind = Kind::kNull;
  bool quoted = false;  // a scalar that was written in quotes
  Place place;
  std::string text;            // of a scalar
  std::vector<Node> items;     // of a sequence
  std::vector<Entry> entries;  // of a map, in the order of the file, keys unique

  [[nodiscard]] bool IsNull() const { return kind == Kind::kNull; }
  [[nodiscard]] bool IsScalar() const { return kind == Kind::kScalar; }
  [[nodiscard]] bool IsSequence() const { return kind == Kind::kSequence; }
  [[nodiscard]] bool IsMap() const { return kind == Kind::kMap; }

  // The entry of this key; null if there is none, or if this is no map.
  [[nodiscard]] const Entry* Find(std::string_view key) const;
};

struct Entry {
  std::string key;
  Place place;  // of the key
  Node value;
};

[[nodiscard]] Node ScalarNode(std::string text, const Place& place);

// "text", "a list", "a mapping", "nothing": for messages.
[[nodiscard]] std::string_view KindName(const Node& node);

// One line of YAML, as a person would write it: "client: {send: {bytes: 5}}". The outermost mapping
// has no braces.
[[nodiscard]] std::string FlowText(const Node& node);

}  // namespace lastack

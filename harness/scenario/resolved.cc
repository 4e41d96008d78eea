// Writes and reads the stored form of a variant's tree.
#include "scenario/resolved.h"

#include <iterator>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/family.h"
#include "scenario/bind.h"
#include "scenario/diagnostic.h"

namespace lastack {
namespace {

// Written by hand, not through a JSON value: a file has up to hundreds of variants, and all are
// written on loading.
void AppendString(std::string_view text, std::string* out) {
  constexpr unsigned char kFirstPrintable = 0x20;
  *out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      *out += '\\';
      *out += c;
    } else if (static_cast<unsigned char>(c) < kFirstPrintable) {
      fmt::format_to(std::back_inserter(*out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      *out += c;
    }
  }
  *out += '"';
}

void AppendTree(const Node& node, std::string* out) {
  const char* separator = "";
  switch (node.kind) {
    case Node::Kind::kNull:
      *out += "null";
      break;
    case Node::Kind::kScalar:
      AppendString(node.text, out);
      break;
    case Node::Kind::kSequence:
      *out += '[';
      for (const Node& item : node.items) {
        *out += separator;
        AppendTree(item, out);
        separator = ", ";
      }
      *out += ']';
      break;
    case Node::Kind::kMap:
      *out += '{';
      for (const Entry& entry : node.entries) {
        *out += separator;
        AppendString(entry.key, out);
        *out += ": ";
        AppendTree(entry.value, out);
        separator = ", ";
      }
      *out += '}';
      break;
  }
}

// One step of a JSON pointer.
std::string Escaped(std::string_view key) {
  std::string escaped = "/";
  for (const char c : key) {
    if (c == '~') {
      escaped += "~0";
    } else if (c == '/') {
      escaped += "~1";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

// `pointer` is where the node is; it comes back as it was.
void AppendPlaces(const Node& node, std::string* pointer, std::string* out) {
  AppendString(*pointer, out);
  fmt::format_to(std::back_inserter(*out), ": [{}, {}], ", node.place.line, node.place.column);
  const size_t length = pointer->size();
  for (size_t index = 0; index < node.items.size(); ++index) {
    fmt::format_to(std::back_inserter(*pointer), "/{}", index);
    AppendPlaces(node.items[index], pointer, out);
    pointer->resize(length);
  }
  for (const Entry& entry : node.entries) {
    *pointer += Escaped(entry.key);
    AppendPlaces(entry.value, pointer, out);
    pointer->resize(length);
  }
}

using Json = nlohmann::ordered_json;

class TreeReader {
 public:
  // Places that are not two numbers are left out.
  explicit TreeReader(const Json& places) {
    for (const auto& [pointer, place] : places.items()) {
      if (place.is_array() && place.size() == 2 && place[0].is_number_integer() &&
          place[1].is_number_integer()) {
        places_[pointer] = {place[0].get<int>(), place[1].get<int>()};
      }
    }
  }

  [[nodiscard]] Node Read(const Json& json, const std::string& pointer) const {
    Node node;
    if (const auto place = places_.find(pointer); place != places_.end()) {
      node.place = place->second;
    }
    if (json.is_string()) {
      node.kind = Node::Kind::kScalar;
      node.text = json.get<std::string>();
    } else if (json.is_array()) {
      node.kind = Node::Kind::kSequence;
      for (size_t index = 0; index < json.size(); ++index) {
        node.items.push_back(Read(json[index], fmt::format("{}/{}", pointer, index)));
      }
    } else if (json.is_object()) {
      node.kind = Node::Kind::kMap;
      for (const auto& [key, value] : json.items()) {
        Node child = Read(value, pointer + Escaped(key));
        const Place place = child.place;
        node.entries.push_back({key, place, std::move(child)});
      }
    }
    return node;
  }

 private:
  std::unordered_map<std::string, Place> places_;
};

bool IsLabelPair(const Json& pair) {
  return pair.is_array() && pair.size() == 2 && pair[0].is_string() && pair[1].is_string();
}

}  // namespace

std::string WriteResolved(const ResolvedTree& tree) {
  std::string out = "{\"scenario\": ";
  AppendTree(tree.root, &out);
  out += ", \"places\": {";
  std::string pointer;
  AppendPlaces(tree.root, &pointer, &out);
  out.resize(out.size() - 2);  // the last ", "
  out += "}, \"family\": ";
  AppendString(ToString(FamilyOf(tree.labels)), &out);
  out += ", \"matrix\": [";
  const char* separator = "";
  for (const auto& [name, label] : tree.labels) {
    out += separator;
    out += '[';
    AppendString(name, &out);
    out += ", ";
    AppendString(label, &out);
    out += ']';
    separator = ", ";
  }
  return out + "]}";
}

Result<ResolvedTree> ReadResolved(const std::string& file, std::string_view json) {
  const Json stored = Json::parse(json, nullptr, false);
  if (!stored.is_object() || !stored.contains("scenario") || !stored.contains("places") ||
      !stored.contains("matrix") || !stored["places"].is_object() || !stored["matrix"].is_array()) {
    return Fail(Diagnose(file, {}, {}, "not a stored scenario"));
  }
  ResolvedTree tree;
  for (const Json& pair : stored["matrix"]) {
    if (!IsLabelPair(pair)) {
      return Fail(Diagnose(file, {}, {}, "not a stored scenario: bad labels"));
    }
    tree.labels.emplace_back(pair[0].get<std::string>(), pair[1].get<std::string>());
  }
  tree.root = TreeReader(stored["places"]).Read(stored["scenario"], "");
  return tree;
}

}  // namespace lastack

// Finds entries of a node tree and writes it as one line.
#include "scenario/node.h"

#include <algorithm>
#include <utility>

namespace lastack {
namespace {

bool NeedsQuotes(std::string_view text) {
  constexpr std::string_view kFirst = "!&*-?|>@%`\"'#,[]{}: ";
  if (text.empty() || text == "~" || text == "null" || text.back() == ' ' || text.back() == ':') {
    return true;
  }
  const bool is_number = text.size() > 1 && text[0] == '-' && text[1] >= '0' && text[1] <= '9';
  if (!is_number && kFirst.find(text[0]) != std::string_view::npos) {
    return true;
  }
  return text.find_first_of(",[]{}\"\n\t") != std::string_view::npos ||
         text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos;
}

void AppendScalar(std::string_view text, std::string* out) {
  if (!NeedsQuotes(text)) {
    *out += text;
    return;
  }
  *out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      *out += '\\';
      *out += c;
    } else if (c == '\n') {
      *out += "\\n";
    } else if (c == '\t') {
      *out += "\\t";
    } else {
      *out += c;
    }
  }
  *out += '"';
}

void AppendFlow(const Node& node, std::string* out);

void AppendEntries(const Node& node, std::string* out) {
  const char* separator = "";
  for (const Entry& entry : node.entries) {
    *out += separator;
    AppendScalar(entry.key, out);
    *out += ": ";
    AppendFlow(entry.value, out);
    separator = ", ";
  }
}

void AppendFlow(const Node& node, std::string* out) {
  switch (node.kind) {
    case Node::Kind::kNull:
      *out += "~";
      break;
    case Node::Kind::kScalar:
      AppendScalar(node.text, out);
      break;
    case Node::Kind::kSequence: {
      const char* separator = "";
      *out += '[';
      for (const Node& item : node.items) {
        *out += separator;
        AppendFlow(item, out);
        separator = ", ";
      }
      *out += ']';
      break;
    }
    case Node::Kind::kMap:
      *out += '{';
      AppendEntries(node, out);
      *out += '}';
      break;
  }
}

}  // namespace

const Entry* Node::Find(std::string_view key) const {
  const auto found = std::find_if(
      entries.begin(), entries.end(), [&](const Entry& entry) { return entry.key == key; });
  return found == entries.end() ? nullptr : &*found;
}

Node ScalarNode(std::string text, const Place& place) {
  Node node;
  node.kind = Node::Kind::kScalar;
  node.place = place;
  node.text = std::move(text);
  return node;
}

std::string_view KindName(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull:
      return "nothing";
    case Node::Kind::kScalar:
      return "text";
    case Node::Kind::kSequence:
      return "a list";
    case Node::Kind::kMap:
      return "a mapping";
  }
  return "";
}

std::string FlowText(const Node& node) {
  std::string text;
  if (node.IsMap()) {
    AppendEntries(node, &text);
  } else {
    AppendFlow(node, &text);
  }
  return text;
}

}  // namespace lastack

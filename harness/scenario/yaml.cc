// Builds a node tree from the events of yaml-cpp's parser; its exceptions end here.
#include "scenario/yaml.h"

#include <exception>
#include <sstream>
#include <stdexcept>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include "scenario/diagnostic.h"
#include "scenario/utf8.h"

namespace lastack {
namespace {

// Far above what a scenario needs (the largest has some 6 KiB), low enough that no file takes long
// to refuse.
constexpr size_t kMaxBytes = size_t{256} * 1024;
constexpr size_t kMaxDepth = 32;
constexpr size_t kMaxEntries = 1000;

Place At(const YAML::Mark& mark) {
  return Place{mark.line + 1, mark.column + 1};
}

// How the event handler leaves the parser; caught in ParseYaml.
class Refused : public std::runtime_error {
 public:
  Refused(const Place& place, const std::string& message)
      : std::runtime_error(message), place_(place) {}
  [[nodiscard]] const Place& place() const { return place_; }

 private:
  Place place_;
};

class TreeBuilder : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    RefuseAnchor(mark, anchor);
    Node node;
    node.place = At(mark);
    if (!open_.empty() && open_.back().has_key) {
      node.place = open_.back().key.place;  // the parser marks what follows the missing value
    }
    Add(std::move(node));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    RefuseAnchor(mark, anchor);
  }

  void OnScalar(const YAML::Mark& mark,
                const std::string& tag,
                YAML::anchor_t anchor,
                const std::string& value) override {
    RefuseAnchor(mark, anchor);
    RefuseTag(mark, tag);
    Node node = ScalarNode(value, At(mark));
    node.quoted = tag == "!";
    Add(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark,
                       const std::string& tag,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    Begin(Node::Kind::kSequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { End(); }

  void OnMapStart(const YAML::Mark& mark,
                  const std::string& tag,
                  YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    Begin(Node::Kind::kMap, mark, tag, anchor);
  }
  void OnMapEnd() override { End(); }

  [[nodiscard]] Node TakeRoot() { return std::move(root_); }

 private:
  struct Open {
    Node node;
    Entry key;  // of a map: the key whose value comes next
    bool has_key = false;
  };

  static void RefuseAnchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0) {
      throw Refused(At(mark),
                    "anchors and aliases are not supported; write it out, or use 'matrix'");
    }
  }

  static void RefuseTag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!") {
      throw Refused(At(mark), "tags are not supported");
    }
  }

  void Begin(Node::Kind kind,
             const YAML::Mark& mark,
             const std::string& tag,
             YAML::anchor_t anchor) {
    RefuseAnchor(mark, anchor);
    RefuseTag(mark, tag);
    if (open_.size() >= kMaxDepth) {
      throw Refused(At(mark), fmt::format("nested more than {} levels deep", kMaxDepth));
    }
    Open open;
    open.node.kind = kind;
    open.node.place = At(mark);
    open_.push_back(std::move(open));
  }

  void End() {
    Node node = std::move(open_.back().node);
    open_.pop_back();
    Add(std::move(node));
  }

  void Add(Node node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& top = open_.back();
    if (top.node.IsSequence()) {
      top.node.items.push_back(std::move(node));
    } else if (top.has_key) {
      top.key.value = std::move(node);
      top.node.entries.push_back(std::move(top.key));
      top.has_key = false;
    } else {
      top.key = KeyOf(top.node, std::move(node));
      top.has_key = true;
    }
  }

  static Entry KeyOf(const Node& map, Node key) {
    if (!key.IsScalar()) {
      throw Refused(key.place, fmt::format("a key is text, not {}", KindName(key)));
    }
    if (const Entry* former = map.Find(key.text)) {
      throw Refused(
          key.place,
          fmt::format(
              "duplicate key '{}'; it is given in line {}, too", key.text, former->place.line));
    }
    if (map.entries.size() >= kMaxEntries) {
      throw Refused(key.place, fmt::format("a mapping of more than {} keys", kMaxEntries));
    }
    return Entry{std::move(key.text), key.place, {}};
  }

  std::vector<Open> open_;
  Node root_;
};

// YAML forbids tabs as indentation; the library reports them far from where they stand.
Place FindTabIndentation(std::string_view text) {
  Place place{1, 1};
  bool in_indentation = true;
  for (const char c : text) {
    if (c == '\n') {
      place = {place.line + 1, 1};
      in_indentation = true;
      continue;
    }
    if (in_indentation && c == '\t') {
      return place;
    }
    in_indentation = in_indentation && c == ' ';
    ++place.column;
  }
  return {};
}

Place PlaceOfByte(std::string_view text, size_t offset) {
  Place place{1, 1};
  for (const char c : text.substr(0, offset)) {
    place = c == '\n' ? Place{place.line + 1, 1} : Place{place.line, place.column + 1};
  }
  return place;
}

// In flow style the braces of an insertion are the parser's own.
std::string WithAdvice(const std::string& message, std::string_view text, const Place& place) {
  const bool insertion = LineOf(text, place.line).find("${") != std::string_view::npos;
  return message + (insertion ? R"(; inside { } and [ ] write "${name}" with quotes)" : "");
}

Status CheckText(const std::string& file, std::string_view text) {
  if (text.size() > kMaxBytes) {
    return Fail(Diagnose(file, {}, {}, "larger than 256 KiB; this is no scenario"));
  }
  const size_t bad = FindInvalidUtf8(text);
  if (bad != std::string_view::npos) {
    return Fail(Diagnose(file, {}, PlaceOfByte(text, bad), "not UTF-8 text"));
  }
  const Place tab = FindTabIndentation(text);
  if (tab.line != 0) {
    return Fail(Diagnose(file, text, tab, "a tab indents this line; YAML wants spaces"));
  }
  return {};
}

}  // namespace

Result<Node> ParseYaml(const std::string& file, std::string_view text) {
  if (Status status = CheckText(file, text); !status) {
    return Fail(status.error());
  }
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    TreeBuilder builder;
    if (!parser.HandleNextDocument(builder)) {
      return Fail(Diagnose(file, text, {}, "empty; a scenario begins with 'scenario: 1'"));
    }
    Node root = builder.TakeRoot();
    TreeBuilder second;
    if (parser.HandleNextDocument(second)) {
      return Fail(
          Diagnose(file, text, second.TakeRoot().place, "a second document; a file holds one"));
    }
    return root;
  } catch (const Refused& refused) {
    return Fail(Diagnose(file, text, refused.place(), refused.what()));
  } catch (const YAML::Exception& error) {
    return Fail(Diagnose(
        file, text, At(error.mark), WithAdvice("bad YAML: " + error.msg, text, At(error.mark))));
  } catch (const std::exception& error) {
    return Fail(Diagnose(file, text, {}, fmt::format("bad YAML: {}", error.what())));
  }
}

}  // namespace lastack

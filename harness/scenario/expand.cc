// Makes the variants of a checked tree: drops what does not match, chooses cases, inserts values.
#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/strings.h"
#include "scenario/matrix.h"

namespace lastack {
namespace {

class Expander {
 public:
  Expander(const Matrix& matrix, const Labels& labels, Problems& problems)
      : labels_(labels), problems_(problems) {
    for (const auto& [name, label] : labels) {
      for (const auto& [candidate, value] : matrix.Find(name)->values) {
        if (candidate == label) {
          values_.push_back(&value);
        }
      }
    }
  }

  // Nothing if the node is dropped. `keep_words` turns a condition that matches into its words.
  [[nodiscard]] std::optional<Node> Resolve(const Node& node, bool keep_words) {
    switch (node.kind) {
      case Node::Kind::kNull:
        return node;
      case Node::Kind::kScalar:
        return Insert(node);
      case Node::Kind::kSequence:
        return ResolveSequence(node, keep_words);
      case Node::Kind::kMap:
        return ResolveMap(node, keep_words);
    }
    return std::nullopt;
  }

 private:
  Node ResolveSequence(const Node& node, bool keep_words) {
    Node made;
    made.kind = node.kind;
    made.place = node.place;
    made.items.reserve(node.items.size());
    for (const Node& item : node.items) {
      if (std::optional<Node> resolved = Resolve(item, keep_words)) {
        made.items.push_back(std::move(*resolved));
      }
    }
    return made;
  }

  std::optional<Node> ResolveMap(const Node& node, bool keep_words) {
    const Entry* when = node.Find("when");
    const bool conditional = when != nullptr && when->value.IsMap();
    if (conditional && !Matches(ConditionOf(when->value), labels_)) {
      return std::nullopt;
    }
    if (const Entry* cases = node.Find("cases")) {
      return Choose(node, cases->value, keep_words);
    }
    Node made;
    made.kind = node.kind;
    made.place = node.place;
    made.entries.reserve(node.entries.size());
    for (const Entry& entry : node.entries) {
      if (&entry == when && conditional) {
        if (keep_words) {
          made.entries.push_back({entry.key, entry.place, Words(entry.value)});
        }
        continue;
      }
      AddEntry(entry, keep_words, &made);
    }
    return made;
  }

  void AddEntry(const Entry& entry, bool keep_words, Node* made) {
    std::optional<Node> value = Resolve(entry.value, keep_words);
    if (!value) {
      return;
    }
    std::string key = InsertText(entry.key);
    if (key != entry.key && made->Find(key) != nullptr) {
      problems_.Add(entry.place,
                    fmt::format("'{}' makes the key '{}', which is there already", entry.key, key));
      return;
    }
    made->entries.push_back({std::move(key), entry.place, std::move(*value)});
  }

  std::optional<Node> Choose(const Node& node, const Node& cases, bool keep_words) {
    for (const Node& item : cases.items) {
      if (Matches(ConditionOf(item.Find("when")->value), labels_)) {
        return Resolve(item.Find("is")->value, keep_words);
      }
    }
    const Entry* otherwise = node.Find("else");
    return otherwise == nullptr ? std::nullopt : Resolve(otherwise->value, keep_words);
  }

  Node Insert(const Node& node) {
    const Insertion insertion = FindInsertion(node.text, 0);
    if (insertion.begin == 0 && insertion.end == node.text.size()) {
      return *ValueOf(insertion.name);
    }
    Node made = node;
    made.text = InsertText(node.text);
    return made;
  }

  std::string InsertText(const std::string& text) {
    std::string made;
    size_t from = 0;
    for (Insertion next = FindInsertion(text, 0); next.begin != std::string::npos;
         next = FindInsertion(text, next.end)) {
      made += text.substr(from, next.begin - from) + ValueOf(next.name)->text;
      from = next.end;
    }
    return made + text.substr(from);
  }

  [[nodiscard]] const Node* ValueOf(const std::string& name) const {
    const auto found = std::find_if(
        labels_.begin(), labels_.end(), [&](const auto& l) { return l.first == name; });
    return values_[static_cast<size_t>(found - labels_.begin())];
  }

  // "old: reuseaddr or both, new: none"
  static Node Words(const Node& when) {
    std::vector<std::string> words;
    for (const auto& [name, labels] : ConditionOf(when)) {
      words.push_back(fmt::format("{}: {}", name, Join(labels, " or ")));
    }
    return ScalarNode(Join(words, ", "), when.place);
  }

  const Labels& labels_;
  Problems& problems_;
  std::vector<const Node*> values_;  // of each label
};

}  // namespace

Condition ConditionOf(const Node& when) {
  Condition condition;
  for (const Entry& entry : when.entries) {
    std::vector<std::string> labels;
    if (entry.value.IsScalar()) {
      labels.push_back(entry.value.text);
    }
    for (const Node& item : entry.value.items) {
      labels.push_back(item.text);
    }
    condition.emplace_back(entry.key, std::move(labels));
  }
  return condition;
}

bool Matches(const Condition& condition, const Labels& labels) {
  return std::all_of(condition.begin(), condition.end(), [&](const auto& wanted) {
    return std::any_of(labels.begin(), labels.end(), [&](const auto& label) {
      return label.first == wanted.first &&
             std::find(wanted.second.begin(), wanted.second.end(), label.second) !=
                 wanted.second.end();
    });
  });
}

Insertion FindInsertion(std::string_view text, size_t from) {
  Insertion found;
  const size_t begin = text.find("${", from);
  if (begin == std::string_view::npos) {
    return found;
  }
  const size_t end = text.find('}', begin);
  if (end == std::string_view::npos) {
    return found;
  }
  found.begin = begin;
  found.end = end + 1;
  found.name = text.substr(begin + 2, end - begin - 2);
  return found;
}

std::vector<Labels> VariantsOf(const Matrix& matrix) {
  std::vector<Labels> variants(1);
  for (const Dimension& dimension : matrix.dimensions) {
    std::vector<Labels> longer;
    longer.reserve(variants.size() * dimension.values.size());
    for (const Labels& variant : variants) {
      for (const auto& [label, value] : dimension.values) {
        longer.push_back(variant);
        longer.back().emplace_back(dimension.name, label);
      }
    }
    variants = std::move(longer);
  }
  std::erase_if(variants, [&](const Labels& variant) {
    return std::any_of(matrix.excluded.begin(), matrix.excluded.end(), [&](const Condition& c) {
      return Matches(c, variant);
    });
  });
  return variants;
}

Node ExpandVariant(const Node& root,
                   const Matrix& matrix,
                   const Labels& labels,
                   Problems& problems) {
  Expander expander(matrix, labels, problems);
  Node made;
  made.kind = root.kind;
  made.place = root.place;
  for (const Entry& entry : root.entries) {
    if (entry.key == "matrix") {
      continue;
    }
    if (std::optional<Node> value = expander.Resolve(entry.value, entry.key == "claims")) {
      made.entries.push_back({entry.key, entry.place, std::move(*value)});
    }
  }
  return made;
}

}  // namespace lastack

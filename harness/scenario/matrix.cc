// Reads and checks the matrix of a file.
#include "scenario/matrix.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "base/family.h"

namespace lastack {
namespace {

constexpr size_t kMaxVariants = 2000;  // the largest file of the catalogue has 176

bool IsLabel(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
  });
}

std::vector<std::string> NamesOf(const Matrix& matrix) {
  std::vector<std::string> names;
  for (const Dimension& dimension : matrix.dimensions) {
    names.push_back(dimension.name);
  }
  return names;
}

std::vector<std::string> LabelsOf(const Dimension& dimension) {
  std::vector<std::string> labels;
  for (const auto& [label, value] : dimension.values) {
    labels.push_back(label);
  }
  return labels;
}

void CheckLabel(const Dimension& dimension,
                const std::string& label,
                const Place& place,
                Problems& problems) {
  if (!IsLabel(label)) {
    problems.Add(place,
                 fmt::format("'{}' cannot be a label (letters, digits, - and _); give it one: "
                             "{{label: value}}",
                             label));
  }
  if (dimension.name == "family" && !FamilyFromString(label)) {
    problems.Add(place, Unknown("family", label, {"v4", "v6", "mapped"}));
  }
  const auto labels = LabelsOf(dimension);
  if (std::find(labels.begin(), labels.end(), label) != labels.end()) {
    problems.Add(place, fmt::format("label '{}' is given twice", label));
  }
}

Dimension ReadDimension(const Entry& entry, Problems& problems) {
  Dimension dimension{entry.key, {}};
  for (const Node& item : entry.value.items) {
    if (!item.IsScalar()) {
      problems.Add(item.place,
                   fmt::format("a label of '{}' is text, not {}; to insert more, write a mapping "
                               "label: value",
                               entry.key,
                               KindName(item)));
    }
    CheckLabel(dimension, item.text, item.place, problems);
    dimension.values.emplace_back(item.text, item);
  }
  for (const Entry& value : entry.value.entries) {
    CheckLabel(dimension, value.key, value.place, problems);
    dimension.values.emplace_back(value.key, value.value);
  }
  if (dimension.values.empty()) {
    problems.Add(entry.value.place,
                 fmt::format("matrix name '{}' needs a list of labels, or a mapping label: value",
                             entry.key));
  }
  return dimension;
}

// Checks names and labels against the matrix, anywhere in a file.
class Checker {
 public:
  Checker(const Matrix& matrix, Problems& problems) : matrix_(matrix), problems_(problems) {}

  void CheckTree(const Node& node) {
    if (node.IsScalar()) {
      CheckText(node.text, node.place, true);
    }
    for (const Node& item : node.items) {
      CheckTree(item);
    }
    if (node.Find("cases") != nullptr) {
      CheckCases(node);
      return;
    }
    for (const Entry& entry : node.entries) {
      CheckText(entry.key, entry.place, false);
      if (entry.key == "when" && entry.value.IsMap()) {
        CheckCondition(entry.value);
      } else {
        CheckTree(entry.value);
      }
    }
  }

  void CheckCondition(const Node& when) {
    if (!when.IsMap()) {
      problems_.Add(when.place,
                    fmt::format("a condition is a mapping of matrix names to labels, not {}",
                                KindName(when)));
    }
    for (const Entry& entry : when.entries) {
      CheckConditionEntry(entry);
    }
  }

  void CheckConditionEntry(const Entry& entry) {
    const Dimension* dimension = Find(entry.key, entry.place);
    if (dimension == nullptr) {
      return;
    }
    if (entry.value.IsMap() || entry.value.IsNull()) {
      problems_.Add(entry.value.place,
                    fmt::format("'{}' needs a label or a list of labels", entry.key));
    }
    if (entry.value.IsScalar()) {
      CheckKnown(*dimension, entry.value);
    }
    for (const Node& item : entry.value.items) {
      CheckKnown(*dimension, item);
    }
  }

 private:
  const Dimension* Find(const std::string& name, const Place& place) {
    const Dimension* dimension = matrix_.Find(name);
    if (dimension == nullptr) {
      problems_.Add(place, Unknown("matrix name", name, NamesOf(matrix_)));
    }
    return dimension;
  }

  void CheckKnown(const Dimension& dimension, const Node& label) {
    const auto labels = LabelsOf(dimension);
    if (std::find(labels.begin(), labels.end(), label.text) == labels.end()) {
      problems_.Add(label.place,
                    Unknown(fmt::format("label of '{}'", dimension.name), label.text, labels));
    }
  }

  // A text that is one insertion and nothing else takes any value; within text (and in a key) only
  // text fits.
  void CheckText(const std::string& text, const Place& place, bool any_value_if_alone) {
    Insertion insertion = FindInsertion(text, 0);
    while (insertion.begin != std::string::npos) {
      const Dimension* dimension = Find(insertion.name, place);
      const bool alone = insertion.begin == 0 && insertion.end == text.size();
      if (dimension != nullptr && !(alone && any_value_if_alone)) {
        CheckInsertable(*dimension, place);
      }
      insertion = FindInsertion(text, insertion.end);
    }
  }

  void CheckInsertable(const Dimension& dimension, const Place& place) {
    for (const auto& [label, value] : dimension.values) {
      if (!value.IsScalar()) {
        problems_.Add(place,
                      fmt::format("'${{{}}}' stands within text, but its value for '{}' is {}",
                                  dimension.name,
                                  label,
                                  KindName(value)));
      }
    }
  }

  void CheckCases(const Node& node) {
    for (const Entry& entry : node.entries) {
      if (entry.key != "cases" && entry.key != "else") {
        problems_.Add(entry.place,
                      Unknown("key", entry.key, {"cases", "else"}) + " (beside 'cases')");
      }
    }
    const Node& cases = node.Find("cases")->value;
    if (!cases.IsSequence()) {
      problems_.Add(cases.place, "'cases' is a list of {when: …, is: …}");
    }
    for (const Node& item : cases.items) {
      CheckCase(item);
    }
    if (const Entry* otherwise = node.Find("else")) {
      CheckTree(otherwise->value);
    }
  }

  void CheckCase(const Node& item) {
    const Entry* when = item.Find("when");
    const Entry* is = item.Find("is");
    if (when == nullptr || is == nullptr || item.entries.size() != 2) {
      problems_.Add(item.place, "a case is {when: …, is: …}");
      return;
    }
    CheckCondition(when->value);
    CheckTree(is->value);
  }

  const Matrix& matrix_;
  Problems& problems_;
};

void ReadExclusions(const Node& exclude, Matrix* matrix, Problems& problems) {
  if (!exclude.IsSequence()) {
    problems.Add(exclude.place, "'exclude' is a list of {name: label, why: …}");
  }
  for (const Node& item : exclude.items) {
    const Entry* why = item.Find("why");
    if (why == nullptr || !why->value.IsScalar() || why->value.text.empty()) {
      problems.Add(item.place, "an exclusion says why: {name: label, why: …}");
      continue;
    }
    Node condition = item;
    std::erase_if(condition.entries, [](const Entry& entry) { return entry.key == "why"; });
    if (condition.entries.empty()) {
      problems.Add(item.place, "an exclusion names at least one label: {name: label, why: …}");
    }
    Checker(*matrix, problems).CheckCondition(condition);
    matrix->excluded.push_back(ConditionOf(condition));
  }
}

void CheckCount(const Matrix& matrix, const Place& place, Problems& problems) {
  size_t count = 1;
  for (const Dimension& dimension : matrix.dimensions) {
    count *= dimension.values.size();
    if (count > kMaxVariants) {
      problems.Add(place, fmt::format("a matrix of more than {} variants", kMaxVariants));
      return;
    }
  }
  if (VariantsOf(matrix).empty()) {
    problems.Add(place, "every variant is excluded");
  }
}

void ReadMatrixKey(const Entry& entry, Matrix* matrix, Problems& problems) {
  if (!entry.value.IsMap()) {
    problems.Add(entry.value.place, "'matrix' is a mapping of names to labels");
  }
  for (const Entry& dimension : entry.value.entries) {
    if (dimension.key != "exclude") {
      matrix->dimensions.push_back(ReadDimension(dimension, problems));
    }
  }
  const Entry* exclude = entry.value.Find("exclude");
  if (exclude != nullptr && !problems.any()) {
    ReadExclusions(exclude->value, matrix, problems);
  }
  if (!problems.any()) {
    CheckCount(*matrix, entry.place, problems);
  }
}

}  // namespace

const Dimension* Matrix::Find(std::string_view name) const {
  const auto found = std::find_if(
      dimensions.begin(), dimensions.end(), [&](const Dimension& d) { return d.name == name; });
  return found == dimensions.end() ? nullptr : &*found;
}

Matrix ReadMatrix(const Node& root, Problems& problems) {
  Matrix matrix;
  if (const Entry* entry = root.Find("matrix")) {
    ReadMatrixKey(*entry, &matrix, problems);
  }
  Checker checker(matrix, problems);
  for (const Entry& part : root.entries) {
    if (part.key != "matrix") {
      checker.CheckTree(part.value);
    }
  }
  return matrix;
}

}  // namespace lastack

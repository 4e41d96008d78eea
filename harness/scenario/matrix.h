// The matrix of a scenario: which variants a file has, and the tree of each.
//
// A file's tree is checked once (ReadMatrix); after that every variant's tree is made without
// further checks of names and labels.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scenario/diagnostic.h"
#include "scenario/node.h"

namespace lastack {

// One name of the matrix with its labels and what each inserts.
struct Dimension {
  std::string name;
  std::vector<std::pair<std::string, Node>> values;  // label → value
};

// Name → labels, any of which will do; all names have to match.
using Condition = std::vector<std::pair<std::string, std::vector<std::string>>>;

struct Matrix {
  std::vector<Dimension> dimensions;  // in the order of the file
  std::vector<Condition> excluded;

  [[nodiscard]] const Dimension* Find(std::string_view name) const;
};

// Name → label of one variant, in the matrix's order.
using Labels = std::vector<std::pair<std::string, std::string>>;

// The key `matrix` of a file, and a check of every `when`, `cases` and `${name}` in it.
[[nodiscard]] Matrix ReadMatrix(const Node& root, Problems& problems);

// All combinations that are not excluded, the last name varying fastest. One without labels if
// there is no matrix.
[[nodiscard]] std::vector<Labels> VariantsOf(const Matrix& matrix);

// The tree of one variant: `matrix` is gone, `when`, `cases` and `${name}` are resolved. The only
// problem left to find is an inserted key that is there already.
[[nodiscard]] Node ExpandVariant(const Node& root,
                                 const Matrix& matrix,
                                 const Labels& labels,
                                 Problems& problems);

// A condition as the tree has it (checked before): "left: [time-wait, closing]".
[[nodiscard]] Condition ConditionOf(const Node& when);
[[nodiscard]] bool Matches(const Condition& condition, const Labels& labels);

// The next `${name}` at or after `from`.
struct Insertion {
  size_t begin = std::string::npos;  // npos: there is none
  size_t end = 0;                    // after the brace
  std::string name;
};
[[nodiscard]] Insertion FindInsertion(std::string_view text, size_t from);

}  // namespace lastack

// What is wrong in a scenario file, as people read it: "file:line:column: message", the line, a
// caret.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "scenario/model.h"

namespace lastack {

// An Error of kind kScenario. `text` is the file's text; without it, or without a place, the line
// and the caret are left out.
[[nodiscard]] Error Diagnose(const std::string& file,
                             std::string_view text,
                             const Place& place,
                             const std::string& message);

// Without its line break; empty if there is no such line.
[[nodiscard]] std::string_view LineOf(std::string_view text, int line);

// "unknown call 'conect'; did you mean 'connect'?", or the list of what is known if nothing is
// near.
[[nodiscard]] std::string Unknown(const std::string& kind,
                                  const std::string& word,
                                  const std::vector<std::string>& known);

// Collects the problems of one file. The first one is what the user gets: later ones often follow
// from it, so that whoever adds one may simply go on with a default. `text` must outlive it.
class Problems {
 public:
  Problems(std::string file, std::string_view text) : file_(std::move(file)), text_(text) {}

  void Add(const Place& place, const std::string& message);
  // Ends the message with one more line, if there is a problem.
  void Remark(const std::string& line);
  [[nodiscard]] bool any() const { return first_.has_value(); }
  // Only if any().
  [[nodiscard]] Error first() const { return first_.value_or(Error{}); }

 private:
  std::string file_;
  std::string_view text_;
  std::optional<Error> first_;
};

}  // namespace lastack

// Small helpers for text: splitting, globs, "did you mean".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lastack {

[[nodiscard]] std::vector<std::string> Split(std::string_view text, char separator);
[[nodiscard]] std::string Join(const std::vector<std::string>& parts, std::string_view separator);

// Shell-style match of the whole text: '*' any run, '?' one character.
[[nodiscard]] bool GlobMatch(std::string_view pattern, std::string_view text);

// The candidate nearest to `word` by edit distance, if it is near enough to be a slip of the pen
// (at most a third of its length, at least one edit); otherwise empty.
[[nodiscard]] std::string Nearest(std::string_view word,
                                  const std::vector<std::string>& candidates);

}  // namespace lastack

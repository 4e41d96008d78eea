// Renders problems with their line and caret.
#include "scenario/diagnostic.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/strings.h"

namespace lastack {
namespace {

// As wide as the line up to the column: tabs stay tabs, and a character of several bytes is one
// space.
std::string Padding(std::string_view line, int column) {
  std::string padding;
  for (const char c : line.substr(0, static_cast<size_t>(std::max(0, column - 1)))) {
    const bool continues_character = (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
    if (!continues_character) {
      padding += c == '\t' ? '\t' : ' ';
    }
  }
  return padding;
}

}  // namespace

std::string_view LineOf(std::string_view text, int line) {
  size_t start = 0;
  for (int number = 1; number < line; ++number) {
    const size_t newline = text.find('\n', start);
    if (newline == std::string_view::npos) {
      return {};
    }
    start = newline + 1;
  }
  std::string_view found = text.substr(start, text.find('\n', start) - start);
  if (found.ends_with('\r')) {
    found.remove_suffix(1);
  }
  return found;
}

Error Diagnose(const std::string& file,
               std::string_view text,
               const Place& place,
               const std::string& message) {
  Error error{ErrorKind::kScenario, {}, {}};
  if (place.line == 0) {
    error.message = fmt::format("{}: {}", file, message);
    return error;
  }
  error.message = fmt::format("{}:{}:{}: {}", file, place.line, place.column, message);
  const std::string_view line = LineOf(text, place.line);
  if (!line.empty()) {
    error.message += fmt::format("\n{}\n{}^", line, Padding(line, place.column));
  }
  return error;
}

std::string Unknown(const std::string& kind,
                    const std::string& word,
                    const std::vector<std::string>& known) {
  constexpr size_t kListable = 20;  // more than that is no help in an error message
  const std::string nearest = Nearest(word, known);
  if (!nearest.empty()) {
    return fmt::format("unknown {} '{}'; did you mean '{}'?", kind, word, nearest);
  }
  if (known.empty() || known.size() > kListable) {
    return fmt::format("unknown {} '{}'", kind, word);
  }
  return fmt::format("unknown {} '{}'; known: {}", kind, word, Join(known, ", "));
}

void Problems::Add(const Place& place, const std::string& message) {
  if (!first_) {
    first_ = Diagnose(file_, text_, place, message);
  }
}

void Problems::Remark(const std::string& line) {
  if (first_) {
    first_->message += "\n" + line;
  }
}

}  // namespace lastack

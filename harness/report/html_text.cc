#include "report/html_text.h"

#include <algorithm>

#include "base/markup.h"
#include "scenario/utf8.h"

namespace lastack {
namespace {

constexpr std::string_view kReplacement = "\uFFFD";

// U+FFFE and U+FFFF, which XML does not allow.
bool IsNoncharacter(std::string_view text, size_t at) {
  const std::string_view three = text.substr(at, 3);
  return three == "\xEF\xBF\xBE" || three == "\xEF\xBF\xBF";
}

void Append(std::string_view valid, std::string* out) {
  for (size_t i = 0; i < valid.size(); ++i) {
    const char c = valid[i];
    constexpr char kFirstPrintable = ' ';
    constexpr char kDelete = 0x7F;
    const bool control =
        (static_cast<unsigned char>(c) < kFirstPrintable && c != '\n' && c != '\t') || c == kDelete;
    if (control) {
      *out += kReplacement;
    } else if (IsNoncharacter(valid, i)) {
      *out += kReplacement;
      i += 2;
    } else {
      AppendEscaped(c, out);
    }
  }
}

}  // namespace

std::string EscapeHtml(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const size_t valid = std::min(FindInvalidUtf8(text), text.size());
    Append(text.substr(0, valid), &out);
    text.remove_prefix(valid);
    if (!text.empty()) {
      out += kReplacement;
      text.remove_prefix(1);
    }
  }
  return out;
}

}  // namespace lastack

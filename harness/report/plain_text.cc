#include "report/plain_text.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <system_error>

#include "scenario/utf8.h"

namespace lastack {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr char kEscape = '\x1B';
constexpr char kBell = '\x07';

uint8_t Byte(std::string_view text, size_t index) {
  return index < text.size() ? static_cast<uint8_t>(text[index]) : 0;
}

// The length of the escape sequence (ECMA-48) at the start of `text`, which begins with ESC: CSI
// with its parameters, OSC up to BEL or ST, any other with one character.
size_t EscapeLength(std::string_view text) {
  if (Byte(text, 1) == '[') {
    size_t end = 2;
    while (Byte(text, end) >= 0x20 && Byte(text, end) < 0x40) {
      ++end;
    }
    const bool complete = Byte(text, end) >= 0x40 && Byte(text, end) < 0x7F;
    return complete ? end + 1 : end;
  }
  if (Byte(text, 1) == ']') {
    const size_t bell = text.find(kBell);
    const size_t terminator = text.find("\x1B\\", 2);
    if (bell < terminator) {
      return bell + 1;
    }
    return terminator == std::string_view::npos ? 2 : terminator + 2;
  }
  return Byte(text, 1) >= 0x20 && Byte(text, 1) < 0x7F ? 2 : 1;
}

bool IsControl(uint8_t byte) {
  return (byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7F;
}

// U+0080..U+009F.
bool IsHighControl(std::string_view text, size_t at) {
  return Byte(text, at) == 0xC2 && Byte(text, at + 1) >= 0x80 && Byte(text, at + 1) < 0xA0;
}

// U+FFFE and U+FFFF, which XML excludes.
bool IsNoCharacter(std::string_view text, size_t at) {
  return Byte(text, at) == 0xEF && Byte(text, at + 1) == 0xBF && Byte(text, at + 2) >= 0xBE;
}

void AppendHarmless(std::string_view valid, std::string* plain) {
  for (size_t i = 0; i < valid.size();) {
    if (valid[i] == kEscape) {
      i += EscapeLength(valid.substr(i));
    } else if (IsControl(Byte(valid, i))) {
      ++i;
    } else if (IsHighControl(valid, i)) {
      i += 2;
    } else if (IsNoCharacter(valid, i)) {
      *plain += kReplacement;
      i += 3;
    } else {
      *plain += valid[i++];
    }
  }
}

}  // namespace

std::string PlainText(std::string_view text) {
  std::string plain;
  while (true) {
    const size_t invalid = FindInvalidUtf8(text);
    AppendHarmless(text.substr(0, invalid), &plain);
    if (invalid == std::string_view::npos) {
      return plain;
    }
    if (text[invalid] != '\0') {
      plain += kReplacement;
    }
    text.remove_prefix(invalid + 1);
  }
}

std::string OneLine(std::string_view text) {
  std::string line;
  for (const char c : PlainText(text)) {
    const bool space = c == '\n' || c == '\t' || c == ' ';
    if (!space) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  if (!line.empty() && line.back() == ' ') {
    line.pop_back();
  }
  return line;
}

std::string ShellWord(std::string_view text) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,@%+";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string_view::npos) {
    return std::string(text);
  }
  std::string quoted = "'";
  for (const char c : text) {
    quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return quoted + "'";
}

std::string ShortPath(const std::string& path, const std::string& folder) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path base = folder.empty() ? fs::current_path(error) : fs::path(folder);
  const fs::path relative =
      fs::absolute(path, error).lexically_normal().lexically_relative(base.lexically_normal());
  const bool below = !error && !relative.empty() && *relative.begin() != "..";
  return below ? relative.string() : path;
}

}  // namespace lastack

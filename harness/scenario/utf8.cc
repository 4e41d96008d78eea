// Checks UTF-8 by the table of well-formed sequences in RFC 3629 section 4.
#include "scenario/utf8.h"

#include <array>
#include <cstdint>

namespace lastack {
namespace {

// A lead byte's range, the range of the byte after it, and how many bytes follow in all.
struct Form {
  uint8_t lead_min;
  uint8_t lead_max;
  uint8_t second_min;
  uint8_t second_max;
  size_t following;
};

constexpr std::array<Form, 9> kForms = {{
    {0x01, 0x7F, 0x00, 0x00, 0},
    {0xC2, 0xDF, 0x80, 0xBF, 1},
    {0xE0, 0xE0, 0xA0, 0xBF, 2},
    {0xE1, 0xEC, 0x80, 0xBF, 2},
    {0xED, 0xED, 0x80, 0x9F, 2},
    {0xEE, 0xEF, 0x80, 0xBF, 2},
    {0xF0, 0xF0, 0x90, 0xBF, 3},
    {0xF1, 0xF3, 0x80, 0xBF, 3},
    {0xF4, 0xF4, 0x80, 0x8F, 3},
}};

bool Between(uint8_t byte, uint8_t min, uint8_t max) {
  return byte >= min && byte <= max;
}

// The length of the valid sequence at the start of `text`; 0 if there is none.
size_t SequenceLength(std::string_view text) {
  const auto byte = [&](size_t index) { return static_cast<uint8_t>(text[index]); };
  for (const Form& form : kForms) {
    if (!Between(byte(0), form.lead_min, form.lead_max)) {
      continue;
    }
    if (text.size() <= form.following) {
      return 0;
    }
    bool valid = form.following == 0 || Between(byte(1), form.second_min, form.second_max);
    for (size_t index = 2; index <= form.following; ++index) {
      valid = valid && Between(byte(index), 0x80, 0xBF);
    }
    return valid ? form.following + 1 : 0;
  }
  return 0;
}

}  // namespace

size_t FindInvalidUtf8(std::string_view text) {
  size_t offset = 0;
  while (offset < text.size()) {
    const size_t length = SequenceLength(text.substr(offset));
    if (length == 0) {
      return offset;
    }
    offset += length;
  }
  return std::string_view::npos;
}

}  // namespace lastack

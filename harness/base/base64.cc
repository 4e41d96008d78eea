#include "base/base64.h"

#include <array>
#include <cstddef>

namespace lastack {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr uint8_t kInvalid = 0xff;

constexpr std::array<uint8_t, 256> MakeDecodeTable() {
  std::array<uint8_t, 256> table{};
  for (uint8_t& entry : table) {
    entry = kInvalid;
  }
  for (size_t i = 0; i < kAlphabet.size(); ++i) {
    table[static_cast<uint8_t>(kAlphabet[i])] = static_cast<uint8_t>(i);
  }
  return table;
}

}  // namespace

std::string Base64Encode(const uint8_t* data, size_t size) {
  std::string text;
  text.reserve((size + 2) / 3 * 4);
  for (size_t i = 0; i < size; i += 3) {
    const size_t left = size - i;
    const uint32_t bits = (static_cast<uint32_t>(data[i]) << 16U) |
                          (left > 1 ? static_cast<uint32_t>(data[i + 1]) << 8U : 0U) |
                          (left > 2 ? data[i + 2] : 0U);
    text += kAlphabet[(bits >> 18U) & 63U];
    text += kAlphabet[(bits >> 12U) & 63U];
    text += left > 1 ? kAlphabet[(bits >> 6U) & 63U] : '=';
    text += left > 2 ? kAlphabet[bits & 63U] : '=';
  }
  return text;
}

std::optional<std::vector<uint8_t>> Base64Decode(std::string_view text) {
  static constexpr std::array<uint8_t, 256> kTable = MakeDecodeTable();
  if (text.size() % 4 != 0) {
    return std::nullopt;
  }
  size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') {
    ++padding;
  }
  std::vector<uint8_t> bytes;
  bytes.reserve(text.size() / 4 * 3);
  uint32_t bits = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool is_padding = i + padding >= text.size();
    const uint8_t value = is_padding ? 0 : kTable[static_cast<uint8_t>(text[i])];
    if (value == kInvalid) {
      return std::nullopt;
    }
    bits = (bits << 6U) | value;
    if (i % 4 == 3) {
      bytes.push_back(static_cast<uint8_t>(bits >> 16U));
      bytes.push_back(static_cast<uint8_t>(bits >> 8U));
      bytes.push_back(static_cast<uint8_t>(bits));
    }
  }
  bytes.erase(bytes.end() - static_cast<std::ptrdiff_t>(padding), bytes.end());
  return bytes;
}

}  // namespace lastack

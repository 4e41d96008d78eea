#include "base/errno_name.h"

#include <cstring>

namespace lastack {
namespace {

constexpr int kMaxErrno = 134;  // EHWPOISON is 133, the last one in asm-generic/errno.h

}  // namespace

std::string ErrnoName(int errno_value) {
  const char* name = strerrorname_np(errno_value);
  return name != nullptr ? name : "errno " + std::to_string(errno_value);
}

std::string ErrnoText(int errno_value) {
  const char* text = strerrordesc_np(errno_value);
  if (text == nullptr) {
    return ErrnoName(errno_value);
  }
  return std::string(text) + " (" + ErrnoName(errno_value) + ")";
}

std::optional<int> ErrnoFromName(std::string_view name) {
  for (int value = 1; value < kMaxErrno; ++value) {
    const char* candidate = strerrorname_np(value);
    if (candidate != nullptr && name == candidate) {
      return value;
    }
  }
  return std::nullopt;
}

}  // namespace lastack

// Which calls failed how often in a spin.
#pragma once

#include <cstdint>
#include <vector>

#include "base/errno_name.h"
#include "rebind/cell.h"

namespace lastack {

// Counts without naming: most of a million attempts fail alike.
class ErrorCounter {
 public:
  void Add(const char* call, int error) {
    for (One& one : ones_) {
      if (one.call == call && one.error == error) {
        ++one.times;
        return;
      }
    }
    ones_.push_back({call, error, 1});
  }

  [[nodiscard]] std::vector<CallError> Named() const {
    std::vector<CallError> errors;
    for (const One& one : ones_) {
      errors.push_back({one.call, ErrnoName(one.error), one.times});
    }
    return errors;
  }

 private:
  struct One {
    const char* call;  // a literal
    int error;
    int64_t times;
  };
  std::vector<One> ones_;
};

}  // namespace lastack

// Splits a byte stream into lines, as both protocols need it (JSON lines).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lastack {

// Collects what was read; gives back whole lines without their newline.
class LineBuffer {
 public:
  // Appends bytes and returns the lines completed by them, in order.
  std::vector<std::string> Append(std::string_view bytes);

 private:
  std::string partial_;
};

}  // namespace lastack

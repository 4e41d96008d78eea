#include "base/line_buffer.h"

namespace lastack {

std::vector<std::string> LineBuffer::Append(std::string_view bytes) {
  std::vector<std::string> lines;
  size_t start = 0;
  for (size_t end = bytes.find('\n'); end != std::string_view::npos;
       end = bytes.find('\n', start)) {
    partial_ += bytes.substr(start, end - start);
    lines.push_back(std::move(partial_));
    partial_.clear();
    start = end + 1;
  }
  partial_ += bytes.substr(start);
  return lines;
}

}  // namespace lastack

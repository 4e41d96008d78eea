// Reads a text file whole.
#include "scenario/file.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include <fmt/format.h>

#include "base/errno_name.h"

namespace lastack {

Result<std::string> ReadTextFile(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return Fail(ErrorKind::kScenario, fmt::format("{}: a directory, not a file", path));
  }
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    return Fail(ErrorKind::kScenario,
                fmt::format("{}: cannot be read: {}", path, ErrnoText(errno)));
  }
  return std::string(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
}

}  // namespace lastack

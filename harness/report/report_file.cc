#include "report/report_file.h"

#include <cstdio>

#include <fmt/format.h>

#include "record/store.h"

namespace lastack {

Status WriteReport(const std::string& path, const std::string& text) {
  if (path != "-") {
    return WriteFileAtomically(path, text);
  }
  fmt::print("{}", text);
  std::fflush(stdout);
  return {};
}

}  // namespace lastack

#include "host/counters.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/fd.h"
#include "base/strings.h"

namespace lastack {
namespace {

Result<std::string> ReadWholeFile(const std::string& path) {
  const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));  // NOLINT(*-vararg)
  if (!fd.valid()) {
    return FailErrno("cannot open " + path);
  }
  std::string text;
  std::array<char, 16384> bytes{};
  ssize_t got = 0;
  while ((got = read(fd.get(), bytes.data(), bytes.size())) > 0) {
    text.append(bytes.data(), static_cast<size_t>(got));
  }
  if (got < 0) {
    return FailErrno("cannot read " + path);
  }
  return text;
}

// "TcpExt: SyncookiesSent …" → "TcpExt" and the words after it.
struct Row {
  std::string_view prefix;
  std::vector<std::string> words;
};

std::optional<Row> ParseRow(std::string_view line) {
  const size_t colon = line.find(": ");
  if (colon == std::string_view::npos) {
    return std::nullopt;
  }
  return Row{line.substr(0, colon), Split(line.substr(colon + 2), ' ')};
}

}  // namespace

void ParseCounters(std::string_view text, Counters* counters) {
  const std::vector<std::string> lines = Split(text, '\n');
  for (size_t i = 0; i + 1 < lines.size(); i += 2) {
    const std::optional<Row> names = ParseRow(lines[i]);
    const std::optional<Row> values = ParseRow(lines[i + 1]);
    if (!names || !values || (names->prefix != "Tcp" && names->prefix != "TcpExt")) {
      continue;
    }
    const size_t columns = std::min(names->words.size(), values->words.size());
    for (size_t column = 0; column < columns; ++column) {
      const std::string& word = values->words[column];
      int64_t value = 0;
      std::from_chars(word.data(), word.data() + word.size(), value);
      (*counters)[names->words[column]] = value;
    }
  }
}

Result<Counters> ReadCounters(const std::vector<std::string>& names) {
  Counters all;
  for (const char* path : {"/proc/self/net/netstat", "/proc/self/net/snmp"}) {
    const Result<std::string> text = ReadWholeFile(path);
    if (!text) {
      return Fail(text.error());
    }
    ParseCounters(*text, &all);
  }
  Counters asked;
  for (const std::string& name : names) {
    const auto found = all.find(name);
    if (found == all.end()) {
      std::vector<std::string> known;
      std::ranges::transform(
          all, std::back_inserter(known), [](const auto& entry) { return entry.first; });
      const std::string nearest = Nearest(name, known);
      return Fail(ErrorKind::kScenario,
                  "this kernel has no TCP counter " + name,
                  nearest.empty() ? "" : "did you mean " + nearest + "?");
    }
    asked.insert(*found);
  }
  return asked;
}

}  // namespace lastack

// lastack-peer: a process that owns sockets and does with them what it is told (docs/protocols.md).
#include <charconv>
#include <cstdio>
#include <optional>
#include <string_view>

#include "base/fd.h"
#include "peer/peer.h"

namespace {

constexpr int kUsage = 2;  // exit status

struct Arguments {
  int control = -1;
  lastack::TermMode on_term = lastack::TermMode::kDefault;
};

std::optional<int> ParseDescriptor(std::string_view text) {
  int value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && value >= 0 ? std::optional(value) : std::nullopt;
}

std::optional<Arguments> ParseArguments(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view key = argv[i];
    const std::string_view value = argv[i + 1];
    if (const auto descriptor = ParseDescriptor(value); key == "--control" && descriptor) {
      arguments.control = *descriptor;
    } else if (const auto mode = lastack::TermModeFromString(value); key == "--on-term" && mode) {
      arguments.on_term = *mode;
    } else {
      return std::nullopt;
    }
  }
  return argc % 2 == 1 && arguments.control >= 0 ? std::optional(arguments) : std::nullopt;
}

}  // namespace

int main(int argc, char** argv) {
  const std::optional<Arguments> arguments = ParseArguments(argc, argv);
  if (!arguments) {
    std::fputs("usage: lastack-peer --control FD [--on-term default|graceful|close]\n", stderr);
    return kUsage;
  }
  lastack::ServePeer(lastack::Fd(arguments->control), arguments->on_term);
}

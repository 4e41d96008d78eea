// lastack-wire: the relay between two hosts. Started by lastack in a network namespace of its own;
// speaks lastack.wire/1 (docs/protocols.md) on stdin and stdout.
#include <unistd.h>

#include <cstdio>
#include <string_view>

#include "wire/relay.h"

namespace {

// "client=wire0".
bool ReadSide(std::string_view argument, lastack::RelaySide* side) {
  const size_t equals = argument.find('=');
  if (equals == 0 || equals == std::string_view::npos || equals + 1 == argument.size()) {
    return false;
  }
  side->host = argument.substr(0, equals);
  side->interface = argument.substr(equals + 1);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  lastack::RelaySide first;
  lastack::RelaySide second;
  if (argc != 3 || !ReadSide(argv[1], &first) || !ReadSide(argv[2], &second)) {
    std::fputs("usage: lastack-wire HOST=INTERFACE HOST=INTERFACE\n", stderr);
    return 2;
  }
  return lastack::RunRelay({first, second}, STDIN_FILENO, STDOUT_FILENO);
}

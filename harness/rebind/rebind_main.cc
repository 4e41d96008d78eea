// lastack-rebind: measures one row of `lastack rebind`, as PID 1 of a PID namespace of its own, so
// that whatever takes part ends with it; and the server that socket activation executes.
//
//   lastack-rebind cell JSON     measures it and prints the result
//   lastack-rebind null FAMILY   measures what the measurement itself costs
//   lastack-rebind serve GENERATION asks-peers|closes BOARD
#include <fcntl.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/fd.h"
#include "rebind/board.h"
#include "rebind/cell_json.h"
#include "rebind/execute.h"
#include "rebind/measure.h"
#include "rebind/null_run.h"
#include "rebind/server.h"
#include "testbed/testbed.h"

namespace lastack {
namespace {

template <typename T>
int Print(const Result<T>& result) {
  const std::string text = (result ? ToJson(*result) : ToJson(result.error())).dump() + "\n";
  std::fputs(text.c_str(), stdout);
  return std::fflush(stdout) == 0 && result ? 0 : 1;
}

int ServePassed(const std::vector<std::string>& words) {
  sigset_t blocked{};
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  sigaddset(&blocked, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
  std::optional<Fd> listener = PassedListener();
  Result<SharedBoard> board = SharedBoard::Map(Fd(open(words[3].c_str(), O_RDWR | O_CLOEXEC)));
  if (!listener || !board) {
    return 1;
  }
  const ServerRole role{.generation = std::atoi(words[1].c_str()),
                        .asks_peers = words[2] == "asks-peers"};
  return Serve(std::move(*listener), role, board->get());
}

int Main(const std::vector<std::string>& words) {
  if (words.size() == 2 && words[0] == "cell") {
    const Result<std::string> program = FindProgram("lastack-rebind");
    const Result<Cell> cell = program ? ParseCell(words[1]) : Fail(program.error());
    return Print(cell ? MeasureCell(*cell, *program) : Fail(cell.error()));
  }
  if (words.size() == 2 && words[0] == "null") {
    return Print(MeasureNullRun(ListeningFromString(words[1]).value_or(Listening::kV4)));
  }
  if (words.size() == 4 && words[0] == "serve") {
    return ServePassed(words);
  }
  std::fputs("lastack-rebind is a part of lastack; see lastack rebind --help\n", stderr);
  return 2;
}

}  // namespace
}  // namespace lastack

int main(int argc, char** argv) {
  return lastack::Main({argv + 1, argv + argc});
}

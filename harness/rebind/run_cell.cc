#include "rebind/run_cell.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>

#include <nlohmann/json.hpp>

#include "base/time.h"
#include "rebind/cell_json.h"
#include "testbed/launch.h"

namespace lastack {
namespace {

constexpr Duration kReserve = std::chrono::minutes(1);
constexpr Duration kPerConnection = std::chrono::milliseconds(2);

Duration LongestFor(const Cell& cell) {
  return kReserve + cell.samples * (cell.within + kReserve + cell.count * kPerConnection);
}

Result<std::string> OutputOf(const std::string& program,
                             const std::vector<std::string>& words,
                             Duration longest,
                             int stop_fd) {
  Result<LaunchedHost> launched = LaunchHost(program, words);
  if (!launched) {
    return Fail(launched.error());
  }
  const Deadline deadline(longest);
  std::string output;
  std::array<char, 65536> piece{};
  while (!deadline.Expired()) {
    std::array<pollfd, 2> ready{pollfd{launched->from_host.get(), POLLIN, 0},
                                pollfd{stop_fd, POLLIN, 0}};
    if (poll(ready.data(), ready.size(), deadline.PollTimeout()) < 0 && errno != EINTR) {
      return FailErrno("cannot wait for lastack-rebind");
    }
    if (ready[1].revents != 0) {
      return Fail(ErrorKind::kSystem, "interrupted");
    }
    const ssize_t size = read(launched->from_host.get(), piece.data(), piece.size());
    if (size > 0) {
      output.append(piece.data(), static_cast<size_t>(size));
    } else if (size == 0) {
      return output;
    } else if (errno != EAGAIN && errno != EINTR) {
      return FailErrno("cannot read from lastack-rebind");
    }
  }
  return Fail(ErrorKind::kSystem, "lastack-rebind did not finish in " + FormatDuration(longest));
}

}  // namespace

Result<CellResult> RunCell(const Cell& cell, const std::string& program, int stop_fd) {
  return OutputOf(program, {"cell", ToJson(cell).dump()}, LongestFor(cell), stop_fd)
      .and_then(ParseCellResult);
}

Result<NullRun> RunNull(Listening listening, const std::string& program, int stop_fd) {
  return OutputOf(program, {"null", std::string(ToString(listening))}, kReserve, stop_fd)
      .and_then(ParseNullRun);
}

}  // namespace lastack

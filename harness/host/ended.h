// The end of a child process: collected, and told as the protocol tells it.
//
// Units: t_ns is CLOCK_MONOTONIC, when it was collected.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace lastack {

struct Ended {
  pid_t pid = -1;
  int status = 0;  // as waitpid gives it
  int64_t t_ns = 0;
};

// Collects every child that has ended by now; adopted ones included.
[[nodiscard]] std::vector<Ended> CollectEnded();

// "exited with 1", "was killed by SIGKILL".
[[nodiscard]] std::string DescribeEnd(int status);

// `pid`, `t`, and `code` or `signal`.
void AddEnd(const Ended& ended, nlohmann::json* event);

}  // namespace lastack

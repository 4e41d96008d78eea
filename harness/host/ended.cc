#include "host/ended.h"

#include <sys/wait.h>

#include <nlohmann/json.hpp>

#include "base/signal_name.h"
#include "base/time.h"

namespace lastack {

std::vector<Ended> CollectEnded() {
  std::vector<Ended> all;
  int status = 0;
  for (pid_t pid = waitpid(-1, &status, WNOHANG); pid > 0; pid = waitpid(-1, &status, WNOHANG)) {
    all.push_back({pid, status, MonotonicNs()});
  }
  return all;
}

std::string DescribeEnd(int status) {
  return WIFSIGNALED(status) ? "was killed by SIG" + SignalName(WTERMSIG(status))
                             : "exited with " + std::to_string(WEXITSTATUS(status));
}

void AddEnd(const Ended& ended, nlohmann::json* event) {
  (*event)["pid"] = ended.pid;
  (*event)["t"] = ended.t_ns;
  if (WIFSIGNALED(ended.status)) {
    (*event)["signal"] = SignalName(WTERMSIG(ended.status));
  } else {
    (*event)["code"] = WEXITSTATUS(ended.status);
  }
}

}  // namespace lastack

// Programs that know nothing of lastack and run inside this host, such as somebody's server: what
// they print and how they end.
//
// Their processes are children of the host, or become so when their parent ends, and die with it.
// The end of every child is reported, so that a server that daemonises can be followed. Threads:
// belongs to the agent's thread.
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "host/ended.h"
#include "host/output.h"
#include "host/spawn.h"

namespace lastack {

class Programs {
 public:
  explicit Programs(Output* output) : output_(output) {}

  // Starts a program and returns its pid. `name` is what its output and end are reported under;
  // the same name may be used again. Errors as of SpawnProgram.
  [[nodiscard]] Result<pid_t> Run(const std::string& name, const ProgramCommand& command);

  // Whether any program was started: then the end of each child is for OnEnded.
  [[nodiscard]] bool any() const { return any_; }
  void OnEnded(const Ended& ended);

  // The pipes with their output, to wait for.
  void AppendPollFds(std::vector<pollfd>* fds) const;
  // Reports what was printed, if the descriptor is one of ours.
  void OnReadable(int fd);

 private:
  struct Program {
    std::string name;
    pid_t pid = -1;  // -1 once it has ended
    Fd output;       // invalid once it is closed by all who had it
  };

  void Read(Program* program);
  void Forget();

  Output* output_;
  std::vector<Program> programs_;
  bool any_ = false;
};

}  // namespace lastack

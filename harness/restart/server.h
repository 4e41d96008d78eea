// Somebody's server inside a host: started through lastack-host, its output kept, its end noticed.
//
// Threads: belongs to the session's thread. Units: *_ns are CLOCK_MONOTONIC.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"
#include "base/time.h"
#include "restart/request.h"
#include "run/session.h"

namespace lastack {

struct ProgramEnd {
  int64_t t_ns = 0;
  std::string how;    // "exit code 1", "signal KILL"
  bool well = false;  // exit code 0
};

class Server {
 public:
  // Takes the session's program events. Both outlive it.
  Server(Session* session, const RestartRequest* request);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  Server(Server&&) = delete;
  Server& operator=(Server&&) = delete;

  // Starts it, once more if it was started before; `output` and `end` are of this start from now
  // on. Errors: kSystem or kPermission if it cannot be executed.
  [[nodiscard]] Status Start();

  [[nodiscard]] pid_t pid() const { return pid_; }  // as the server itself knows it
  [[nodiscard]] int64_t started_ns() const { return started_ns_; }
  // The end of the process that was started.
  [[nodiscard]] std::optional<ProgramEnd> end() const { return EndOf(pid_); }
  // Of any process that has ended as a child of the host.
  [[nodiscard]] std::optional<ProgramEnd> EndOf(pid_t pid) const;

  // The last of what was printed since this start.
  [[nodiscard]] const std::string& output() const { return output_; }
  // When the line that --ready waits for had come; 0: it has not.
  [[nodiscard]] int64_t line_ns() const { return line_ns_; }

 private:
  void OnEvent(const nlohmann::json& event);

  Session* session_;
  const RestartRequest* request_;
  int starts_ = 0;
  std::string name_;
  pid_t pid_ = -1;
  int64_t started_ns_ = 0;
  int64_t line_ns_ = 0;
  std::string output_;
  std::map<pid_t, ProgramEnd> ends_;
};

// The last lines of what a program has printed, at most so many, each with `before` it; empty ones
// do not count.
[[nodiscard]] std::string LastLines(const std::string& output,
                                    size_t lines,
                                    const std::string& before);

}  // namespace lastack

// What the parts of one restart share.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "observe/port_sockets.h"
#include "restart/clients.h"
#include "restart/facts.h"
#include "restart/prober.h"
#include "restart/processes.h"
#include "restart/server.h"
#include "run/recorder.h"
#include "run/session.h"
#include "testbed/testbed.h"

namespace lastack {

constexpr const char* kServerHost = "server";
constexpr const char* kClientHost = "client";

// How often what nobody reports is looked at.
constexpr Duration kLook = std::chrono::milliseconds(2);

// A process as it was just before the death.
struct OldProcess {
  OuterProcess process;
  Fd handle;  // pidfd; invalid if it had ended by then
};

struct RestartContext {
  const RestartRequest* request = nullptr;
  Testbed* testbed = nullptr;
  Session* session = nullptr;
  Recorder* recorder = nullptr;
  int wake_fd = -1;  // the session's
  std::optional<PortSockets> sockets;
  std::optional<Server> server;
  RestartFacts facts;
  std::unique_ptr<Clients> clients;
  pid_t main_pid = -1;  // as we see it
  std::vector<OldProcess> old;
  std::set<uint64_t> old_sockets;  // cookies of what was on the port before the death
  std::vector<Fd> dying;           // pidfds of those whose end is the death
  std::unique_ptr<Prober> prober;
};

// Where the clients are.
[[nodiscard]] inline const Fd& ClientNetwork(const RestartContext& run) {
  return run.testbed->host(run.facts.on_loopback ? kServerHost : kClientHost).network;
}
[[nodiscard]] inline std::vector<OuterProcess> ServerProcesses(const RestartContext& run) {
  return ProcessesUnder(run.testbed->host(kServerHost).pid);
}

// An error about the server, with the last that it has printed.
[[nodiscard]] inline Error Failure(const RestartContext& run,
                                   const std::string& message,
                                   const std::string& hint = {}) {
  constexpr size_t kShownLines = 10;
  const std::string output = LastLines(run.server->output(), kShownLines, "\n  ");
  return {ErrorKind::kSystem,
          message + (output.empty() ? "; it printed nothing" : "; its last output:" + output),
          hint};
}

// Lets the session work for a moment.
[[nodiscard]] inline Status LetPass(RestartContext* run, Duration duration) {
  const auto waited = run->session->ProcessUntil([] { return false; }, duration);
  return waited ? Status() : Fail(waited.error());
}

}  // namespace lastack

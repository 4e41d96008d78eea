#include "restart/ready.h"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "base/strings.h"
#include "restart/client_socket.h"
#include "testbed/netns.h"

namespace lastack {
namespace {

constexpr const char* kMoreTime = "--ready-within D gives it more time";
constexpr const char* kSeemsBackground =
    "it seems to go into the background: --pidfile F names the file with the number of its main "
    "process";

// Where clients may reach it, in the order of preference.
std::vector<std::string> Candidates(const RestartContext& run) {
  if (!run.request->address.empty()) {
    return {run.request->address};
  }
  const auto& addresses = run.testbed->host(kServerHost).addresses;
  std::vector<std::string> candidates = {
      addresses.at("own4"), addresses.at("own6"), "127.0.0.1", "::1"};
  if (run.request->family) {
    const bool v6 = *run.request->family == Family::kV6;
    std::erase_if(candidates, [v6](const std::string& address) {
      return (address.find(':') != std::string::npos) != v6;
    });
  }
  return candidates;
}

// Whether a connection would reach a listener; makes that address the target.
Result<bool> FindListener(RestartContext* run) {
  for (const std::string& address : Candidates(*run)) {
    const SocketAddress target{address, run->request->port};
    const auto found = run->sockets->ListenerFor(target);
    if (!found) {
      return Fail(found.error());
    }
    if (*found) {
      run->facts.target = target;
      run->facts.on_loopback = address == "::1" || address.starts_with("127.");
      return true;
    }
  }
  return false;
}

Error NotReady(RestartContext* run) {
  const RestartRequest& request = *run->request;
  const std::string waited = FormatDuration(request.ready_within);
  if (run->facts.target.port != 0) {
    return Failure(*run,
                   fmt::format("the server listens on {} but was not ready within {} (--ready {})",
                               ToString(run->facts.target),
                               waited,
                               ToString(request.ready)),
                   kMoreTime);
  }
  std::vector<std::string> elsewhere;
  if (const auto listeners = run->sockets->Listeners()) {
    for (const PortSocket& socket : *listeners) {
      elsewhere.push_back(ToString(socket.local));
    }
  }
  if (elsewhere.empty()) {
    return Failure(
        *run,
        fmt::format("the server does not listen after {}, neither on port {} nor on any other",
                    waited,
                    request.port),
        kMoreTime);
  }
  return Failure(*run,
                 fmt::format("clients do not find the server on port {} after {}: it listens on {}",
                             request.port,
                             waited,
                             Join(elsewhere, ", ")),
                 "--port, --family and --address say where it is to be reached");
}

Error EndedBefore(const RestartContext& run, const ProgramEnd& end) {
  const bool in_background = end.well && !ServerProcesses(run).empty();
  return Failure(
      run,
      fmt::format("the server ended with {} before it {}",
                  end.how,
                  run.facts.target.port == 0 ? fmt::format("listened on port {}", run.request->port)
                                             : "was ready"),
      in_background ? kSeemsBackground : "");
}

// Until there is a listener, and the line has been printed if --ready asks for one.
Status AwaitListener(RestartContext* run, const Deadline& deadline) {
  while (true) {
    const Result<bool> listens = FindListener(run);
    if (!listens) {
      return Fail(listens.error());
    }
    const bool line = run->request->ready.kind != Ready::Kind::kLine || run->server->line_ns() != 0;
    if (*listens && line) {
      return {};
    }
    const auto end = run->server->end();
    if (end && (run->request->pidfile.empty() || !end->well)) {
      return Fail(EndedBefore(*run, *end));
    }
    if (deadline.Expired()) {
      return Fail(NotReady(run));
    }
    if (Status passed = LetPass(run, std::min(kLook, deadline.Left())); !passed) {
      return passed;
    }
  }
}

// One request, given up at the deadline.
Result<ServiceAttempt> Ask(RestartContext* run, const Deadline& deadline) {
  std::atomic<bool> over = false;
  const std::jthread clock([&](const std::stop_token& token) {
    while (!token.stop_requested() && !over) {
      std::this_thread::sleep_for(kLook);
      over = deadline.Expired();
    }
  });
  return InNetwork(ClientNetwork(*run), [&]() -> Result<ServiceAttempt> {
    const ServiceWanted wanted{run->facts.target, run->request->ready, "", true};
    return TryService(wanted, &*run->sockets, over);
  });
}

// Asked until it answers well, each time on a new connection.
Status AwaitHttp(RestartContext* run, const Deadline& deadline) {
  std::string said = "was not answered";
  while (!deadline.Expired()) {
    const Result<ServiceAttempt> attempt = Ask(run, deadline);
    if (!attempt) {
      return Fail(attempt.error());
    }
    if (attempt->served) {
      return {};
    }
    if (!attempt->error.empty()) {
      said = "gave " + attempt->error;
    }
    if (Status passed = LetPass(run, kLook); !passed) {
      return passed;
    }
  }
  return Fail(Failure(*run,
                      fmt::format("the server was not ready within {}: GET {} {}",
                                  FormatDuration(run->request->ready_within),
                                  run->request->ready.text,
                                  said),
                      kMoreTime));
}

Result<pid_t> MainNumber(const RestartContext& run) {
  if (run.request->pidfile.empty()) {
    return run.server->pid();
  }
  pid_t number = -1;
  std::ifstream file(run.request->pidfile);
  if (!(file >> number)) {
    return Fail(Failure(run,
                        "cannot read a process number from the pid file " + run.request->pidfile,
                        "--pidfile names the file that the server writes"));
  }
  return number;
}

Status FindMain(RestartContext* run) {
  const Result<pid_t> number = MainNumber(*run);
  if (!number) {
    return Fail(number.error());
  }
  for (const OuterProcess& process : ServerProcesses(*run)) {
    if (process.own.pid == *number) {
      run->facts.main = process.own;
      run->main_pid = process.pid;
      return {};
    }
  }
  return Fail(Failure(*run,
                      fmt::format("the server listens, but its main process {} is gone", *number),
                      kSeemsBackground));
}

// The pid file may be written after the port is bound.
Status AwaitMain(RestartContext* run, const Deadline& deadline) {
  Status found = FindMain(run);
  while (!found && !run->request->pidfile.empty() && !deadline.Expired()) {
    if (Status passed = LetPass(run, kLook); !passed) {
      return passed;
    }
    found = FindMain(run);
  }
  return found;
}

}  // namespace

Status AwaitReady(RestartContext* run) {
  const Deadline deadline(run->request->ready_within);
  Status done = AwaitListener(run, deadline);
  if (done && run->request->ready.kind == Ready::Kind::kHttp) {
    done = AwaitHttp(run, deadline);
  }
  run->facts.ready_ns = MonotonicNs() - run->server->started_ns();
  return done ? AwaitMain(run, deadline) : done;
}

}  // namespace lastack

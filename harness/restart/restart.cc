#include "restart/restart.h"

#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include <string>
#include <utility>
#include <vector>

#include "restart/comeback.h"
#include "restart/context.h"
#include "restart/death.h"
#include "restart/ready.h"
#include "run/captures.h"
#include "run/context.h"
#include "run/slots.h"
#include "testbed/netns.h"

namespace lastack {
namespace {

constexpr Duration kLongest = std::chrono::minutes(15);  // of everything

Scenario TwoHosts(const RestartRequest& request) {
  Scenario scenario;
  scenario.id = "restart";
  scenario.family = request.family.value_or(Family::kV4);
  scenario.hosts.resize(2);
  scenario.hosts[0].name = kServerHost;
  scenario.hosts[1].name = kClientHost;
  // As many as there will be, because the size of the captures follows from them.
  scenario.endpoints.resize(static_cast<size_t>(request.connections));
  return scenario;
}

std::string Kernel() {
  utsname names{};
  uname(&names);
  return names.release;
}

// For the clients' sockets; the hosts, which run already, keep the limit that they have.
void RaiseFileLimit() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

// The story.
Status Tell(RestartContext* run) {
  if (Status started = run->server->Start(); !started) {
    return started;
  }
  for (const auto part : {AwaitReady,
                          LookBeforeDeath,
                          OpenConnections,
                          LookBeforeDeath,
                          LetDie,
                          StartUntilServed,
                          LookAtEnd}) {
    if (Status done = part(run); !done) {
      return done;
    }
  }
  return {};
}

}  // namespace

Result<RestartRun> RunRestart(const RestartRequest& request,
                              const RestartEnvironment& environment) {
  const Scenario scenario = TwoHosts(request);
  auto testbed = Testbed::Create(scenario, environment.programs);
  if (!testbed) {
    return Fail(testbed.error());
  }
  RaiseFileLimit();
  const Fd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  auto sockets = InNetwork((*testbed)->host(kServerHost).network, PortSockets::Open);
  if (!wake.valid() || !sockets) {
    return wake.valid() ? Fail(sockets.error()) : FailErrno("cannot make an eventfd");
  }
  Slots slots(1);
  SlotHold slot(&slots);
  Recorder recorder;
  Session session(testbed->get(),
                  &recorder,
                  &slot,
                  {environment.stop_fd, Deadline(kLongest + request.within), wake.get()});
  RunContext captures{
      .scenario = &scenario, .testbed = testbed->get(), .session = &session, .recorder = &recorder};
  RestartContext run{.request = &request,
                     .testbed = testbed->get(),
                     .session = &session,
                     .recorder = &recorder,
                     .wake_fd = wake.get(),
                     .sockets = std::move(*sockets)};
  run.facts.request = request;
  run.facts.kernel = Kernel();
  run.server.emplace(&session, &request);
  Status done = session.Greet();
  const auto captured = environment.capture ? HostsThere(captures) : std::vector<std::string>();
  done = done ? StartCaptures(&captures, captured) : done;
  done = done ? Tell(&run) : done;
  done = done ? StopCaptures(&captures, captured) : done;
  if (!done) {
    return Fail(done.error());
  }
  return RestartRun{std::move(run.facts), recorder.Take()};
}

}  // namespace lastack

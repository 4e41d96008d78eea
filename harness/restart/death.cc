#include "restart/death.h"

#include <algorithm>
#include <set>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/signal_name.h"
#include "restart/inspect.h"

namespace lastack {
namespace {

constexpr Duration kShortLook = std::chrono::microseconds(100);
constexpr Duration kIdle = std::chrono::milliseconds(500);   // then a server accepts no more
constexpr Duration kClientWithin = std::chrono::seconds(5);  // a client command has connected

// Waits until the accept queue has room.
void AwaitRoom(RestartContext* run) {
  const Deadline deadline(kIdle);
  while (!deadline.Expired()) {
    const auto listener = run->sockets->ListenerFor(run->facts.target);
    if (!listener || !*listener || (*listener)->queue <= (*listener)->backlog) {
      return;
    }
    std::this_thread::sleep_for(kShortLook);
  }
}

std::string Replace(std::string text, const std::string& what, const std::string& by) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

int CountConnections(const std::vector<PortSocket>& sockets) {
  int count = 0;
  for (const Left& group : GroupByState(sockets)) {
    count += group.count;
  }
  return count;
}

// Until all connections that the user's client commands make are there.
Status AwaitClientCommands(RestartContext* run) {
  const Deadline deadline(kClientWithin);
  while (run->facts.connections.open < run->request->connections && !deadline.Expired()) {
    const auto sockets = run->sockets->On(run->request->port);
    if (!sockets) {
      return Fail(sockets.error());
    }
    run->facts.connections.open = std::max(run->facts.connections.open, CountConnections(*sockets));
    if (Status passed = LetPass(run, kLook); !passed) {
      return passed;
    }
  }
  if (run->facts.connections.open == 0 && run->request->connections > 0) {
    return Fail(Failure(*run,
                        "no connection of the client command was seen: " + run->request->client,
                        "{address} and {port} in it stand for the server's"));
  }
  return {};
}

// The user's own clients, each a shell command in the client's host.
Status RunClientCommands(RestartContext* run) {
  const RestartRequest& request = *run->request;
  const std::string address = Replace(request.client, "{address}", run->facts.target.address);
  const std::string command = Replace(address, "{port}", std::to_string(request.port));
  const char* host = run->facts.on_loopback ? kServerHost : kClientHost;
  for (int number = 1; number <= request.connections; ++number) {
    const auto ok = run->session->Ask(host,
                                      {{"do", "run"},
                                       {"program", "client " + std::to_string(number)},
                                       {"command", {"/bin/sh", "-c", command}}},
                                      kClientWithin);
    if (!ok) {
      return Fail(ok.error());
    }
  }
  return AwaitClientCommands(run);
}

// The main process is gone already (one in the background is not the process that was started).
bool HasEndedByItself(const RestartContext& run) {
  return std::any_of(run.old.begin(), run.old.end(), [&](const OldProcess& old) {
    return old.process.pid == run.main_pid && (!old.handle.valid() || HasEnded(old.handle));
  });
}

// Until the server has accepted all connections, or accepts no more.
Status AwaitAccepted(RestartContext* run) {
  ConnectionsSeen& connections = run->facts.connections;
  Deadline idle(kIdle);
  bool ended = false;
  while (connections.accepted < connections.open && !idle.Expired() && !ended) {
    ended = HasEndedByItself(*run);  // before the look, which is then the last one
    const auto sockets = run->sockets->On(run->request->port);
    if (!sockets) {
      return Fail(sockets.error());
    }
    const int accepted = connections.open - CountWaiting(*sockets);
    if (accepted > connections.accepted) {
      connections.accepted = accepted;
      idle = Deadline(kIdle);
    } else if (Status passed = LetPass(run, kLook); !passed) {
      return passed;
    }
  }
  return {};
}

// The processes whose end is the death; those that have ended before are not among them.
std::vector<Fd> Dying(const RestartContext& run) {
  std::vector<Fd> dying;
  for (const OldProcess& old : run.old) {
    if (old.process.pid == run.main_pid || run.request->signal_all) {
      if (Result<Fd> handle = OpenProcess(old.process.pid)) {
        dying.push_back(std::move(*handle));
      }
    }
  }
  return dying;
}

ProberPlan PlanOf(const RestartContext& run) {
  ProberPlan plan;
  plan.server_network = &run.testbed->host(kServerHost).network;
  plan.client_network = &ClientNetwork(run);
  plan.dying = &run.dying;
  plan.wanted = {run.facts.target, run.request->ready, run.request->request, false};
  plan.wake_fd = run.wake_fd;
  for (const ListenerSeen& listener : run.facts.listeners) {
    plan.old_listeners.insert(listener.cookie);
    if (listener.options && listener.options->defer_accept) {
      plan.wanted.defer_accept = true;
    }
  }
  return plan;
}

Error DoesNotDie(RestartContext* run) {
  const RestartRequest& request = *run->request;
  const std::string after = FormatDuration(request.stop_within);
  const auto sockets = run->sockets->On(request.port);
  const bool listens =
      sockets && std::any_of(sockets->begin(), sockets->end(), [](const PortSocket& socket) {
        return socket.state == State::kListen;
      });
  const std::string state = fmt::format("it {} and has {} connections",
                                        listens ? "still listens" : "listens no more",
                                        sockets ? CountConnections(*sockets) : 0);
  if (request.signal == kNoSignal) {
    return Failure(*run,
                   fmt::format("the server has not ended by itself within {} ({})", after, state),
                   "--signal S ends it; --stop-within D waits longer");
  }
  return Failure(
      *run,
      fmt::format(
          "the server still runs {} after SIG{} ({})", after, SignalName(request.signal), state),
      "it ignores the signal, or waits for its clients: another --signal, --clients close, or "
      "--stop-within D to wait longer");
}

// Takes over what was seen now. A server that is ending by itself has lost its descriptors before
// the kernel has closed the listener: of that one the options stay as they were seen before.
void AddListeners(std::vector<ListenerSeen> now, std::vector<ListenerSeen>* known) {
  for (ListenerSeen& listener : now) {
    const auto before = std::find_if(known->begin(), known->end(), [&](const ListenerSeen& one) {
      return one.cookie == listener.cookie;
    });
    if (before == known->end()) {
      known->push_back(std::move(listener));
    } else if (listener.options) {
      *before = std::move(listener);
    }
  }
}

}  // namespace

Status LookBeforeDeath(RestartContext* run) {
  const auto sockets = run->sockets->On(run->request->port);
  if (!sockets) {
    return Fail(sockets.error());
  }
  const std::vector<OuterProcess> processes = ServerProcesses(*run);
  run->old.clear();
  for (const OuterProcess& process : processes) {
    run->old.push_back({process, OpenProcess(process.pid).value_or(Fd())});
  }
  AddListeners(InspectListeners(*sockets, processes), &run->facts.listeners);
  run->facts.accepted = InspectAccepted(*sockets, processes);
  return {};
}

Status OpenConnections(RestartContext* run) {
  const RestartRequest& request = *run->request;
  run->facts.connections.asked = request.connections;
  auto clients = Clients::Open({&ClientNetwork(*run),
                                run->facts.target,
                                request.client.empty() ? request.connections : 0,
                                request.clients,
                                [run] { AwaitRoom(run); }});
  if (!clients) {
    return Fail(Failure(*run, clients.error().message));
  }
  run->clients = std::move(*clients);
  run->facts.connections.open = run->clients->open();
  if (!request.client.empty()) {
    if (Status done = RunClientCommands(run); !done) {
      return done;
    }
  }
  return AwaitAccepted(run);
}

Status LetDie(RestartContext* run) {
  const auto sampled = SampleStates(run, kBeforeDeath);
  if (!sampled) {
    return Fail(sampled.error());
  }
  for (const PortSocket& socket : *sampled) {
    run->old_sockets.insert(socket.cookie);
  }
  run->dying = Dying(*run);
  run->prober = std::make_unique<Prober>(PlanOf(*run));
  run->prober->Start();
  if (!run->request->request.empty()) {
    run->clients->SendRequest(run->request->request);
  }
  if (Status watched = run->clients->Watch(); !watched) {
    return watched;
  }
  if (run->request->signal != kNoSignal) {
    run->facts.death.signal_ns = MonotonicNs();
    for (const Fd& process : run->dying) {
      if (Status sent = SendSignal(process, run->request->signal); !sent) {
        return sent;
      }
    }
  }
  const auto died = run->session->ProcessUntil([run] { return run->prober->death_ns() != 0; },
                                               run->request->stop_within);
  if (!died) {
    return Fail(died.error());
  }
  run->facts.death.death_ns = run->prober->death_ns();
  return *died ? Status() : Fail(DoesNotDie(run));
}

Result<std::vector<PortSocket>> SampleStates(RestartContext* run, int phase) {
  KernelSampled sampled{.step = phase, .host = kServerHost, .t0_ns = MonotonicNs()};
  auto sockets = run->sockets->On(run->request->port);
  if (!sockets) {
    return Fail(sockets.error());
  }
  sampled.t1_ns = MonotonicNs();
  for (const PortSocket& socket : *sockets) {
    const bool listener = socket.state == State::kListen;
    sampled.samples.push_back(
        {.endpoint = ToString(socket.local) + (listener ? "" : " " + ToString(socket.remote)),
         .state = socket.state,
         .kind = socket.kind,
         .cookie = socket.cookie,
         .timer = socket.timer,
         .expires = socket.expires});
  }
  const int64_t t_ns = sampled.t1_ns;
  run->recorder->Add(std::string("host:") + kServerHost, t_ns, std::move(sampled));
  return sockets;
}

}  // namespace lastack

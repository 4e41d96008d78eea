#include "restart/comeback.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "restart/death.h"
#include "restart/inspect.h"

namespace lastack {
namespace {

using nlohmann::json;

constexpr Duration kMostUntilServed = std::chrono::minutes(5);
// Starts that fail follow one another at once for a while, so that a server that is soon back is
// not measured by our pauses.
constexpr int kStartsWithoutPause = 50;
constexpr Duration kStartPause = std::chrono::milliseconds(20);
constexpr int kPartOfDowntime = 200;  // the longer it lasts, the longer the pauses: half a percent
constexpr Duration kDecideWithin = std::chrono::milliseconds(200);
constexpr size_t kKeptStarts = 20;  // the first half and the last half of them
constexpr size_t kKeptOutput = 2048;
constexpr Duration kBindWithin = std::chrono::seconds(5);

void Keep(RestartFacts* facts, Start start) {
  if (start.output.size() > kKeptOutput) {
    start.output.erase(0, start.output.size() - kKeptOutput);
  }
  if (facts->starts.size() == kKeptStarts) {
    facts->starts.erase(facts->starts.begin() + kKeptStarts / 2);
  }
  facts->starts.push_back(std::move(start));
}

std::vector<OuterProcess> Survivors(const RestartContext& run) {
  std::vector<OuterProcess> survivors;
  for (const OldProcess& old : run.old) {
    if (old.handle.valid() && !HasEnded(old.handle)) {
      survivors.push_back(old.process);
    }
  }
  return survivors;
}

// A server in the background has given up when none of its new processes is left.
bool GaveUp(const RestartContext& run) {
  const auto end = run.server->end();
  if (!end || run.request->pidfile.empty() || !end->well) {
    return end.has_value();
  }
  const std::vector<OuterProcess> now = ServerProcesses(run);
  return std::all_of(now.begin(), now.end(), [&](const OuterProcess& process) {
    return std::any_of(run.old.begin(), run.old.end(), [&](const OldProcess& old) {
      return old.process.pid == process.pid;
    });
  });
}

// While the first successor is being executed. It may already have connections of its own; a
// mini-socket has the cookie of the socket that it came from.
Status LookAfterDeath(RestartContext* run) {
  auto sockets = SampleStates(run, kAfterDeath);
  if (!sockets) {
    return Fail(sockets.error());
  }
  std::erase_if(*sockets, [run](const PortSocket& socket) {
    return !run->old_sockets.contains(socket.cookie);
  });
  run->facts.left = GroupByState(*sockets);
  for (const OuterProcess& process : Survivors(*run)) {
    run->facts.survivors.push_back(process.own);
  }
  if (const auto end = run->server->EndOf(run->facts.main.pid)) {
    run->facts.death.how = end->how;
    // It may have ended before anybody watched for that.
    run->facts.death.death_ns = std::min(run->facts.death.death_ns, end->t_ns);
  }
  return {};
}

// Until it serves, has given up (true), or its time is over.
Result<bool> AwaitServedOrEnd(RestartContext* run, const Deadline& deadline) {
  const auto something = [run] {
    if (run->server->line_ns() != 0) {
      run->prober->LineSeen(run->server->line_ns());
    }
    return run->prober->served() || run->server->end().has_value();
  };
  while (!run->prober->served() && !deadline.Expired()) {
    if (const auto waited = run->session->ProcessUntil(something, deadline.Left()); !waited) {
      return Fail(waited.error());
    }
    if (!run->prober->served() && GaveUp(*run)) {
      // It may have served our client and ended then.
      const Deadline decided(kDecideWithin);
      while (run->prober->attempting() && !decided.Expired()) {
        if (Status passed = LetPass(run, kLook); !passed) {
          return Fail(passed.error());
        }
      }
      return !run->prober->served();
    }
    if (run->server->end() && !run->prober->served()) {  // the rest of it nobody reports
      if (Status passed = LetPass(run, kLook); !passed) {
        return Fail(passed.error());
      }
    }
  }
  return false;
}

Status PauseBetweenStarts(RestartContext* run, const Deadline& deadline) {
  if (run->facts.start_count <= kStartsWithoutPause) {
    return {};
  }
  const Duration since_death(MonotonicNs() - run->facts.death.death_ns);
  const Duration pause = std::max(kStartPause, since_death / kPartOfDowntime);
  const auto paused = run->session->ProcessUntil([run] { return run->prober->served(); },
                                                 std::min(pause, deadline.Left()));
  return paused ? Status() : Fail(paused.error());
}

Result<std::string> TryBind(RestartContext* run, const json& options) {
  const auto& listeners = run->facts.listeners;
  const SocketAddress address = listeners.empty() ? run->facts.target : listeners.front().address;
  const bool v6 = address.address.find(':') != std::string::npos;
  const auto ok = run->session->Ask(kServerHost,
                                    {{"do", "rebind"},
                                     {"family", v6 ? "v6" : "v4"},
                                     {"address", {address.address, address.port}},
                                     {"options", options}},
                                    kBindWithin);
  return ok ? Result<std::string>(ok->value("error", "")) : Fail(ok.error());
}

}  // namespace

Status StartUntilServed(RestartContext* run) {
  RestartFacts& facts = run->facts;
  const Duration limit = run->request->until_served ? kMostUntilServed : run->request->within;
  const Deadline deadline(limit - Duration(MonotonicNs() - facts.death.death_ns));
  while (!run->prober->served() && !deadline.Expired()) {
    run->prober->ForgetLine();
    if (Status started = run->server->Start(); !started) {
      return Fail(
          Failure(*run, "the server could not be started again: " + started.error().message));
    }
    if (++facts.start_count == 1) {
      if (Status looked = LookAfterDeath(run); !looked) {
        return looked;
      }
    }
    const Result<bool> gave_up = AwaitServedOrEnd(run, deadline);
    if (!gave_up) {
      return Fail(gave_up.error());
    }
    Start start{.started_ns = run->server->started_ns(), .output = run->server->output()};
    if (*gave_up) {
      start.ended_ns = run->server->end()->t_ns;
      start.how = run->server->end()->how;
      if (Status paused = PauseBetweenStarts(run, deadline); !paused) {
        return paused;
      }
    }
    Keep(&facts, std::move(start));
  }
  facts.end_ns = MonotonicNs();
  run->prober->Stop();
  facts.served = run->prober->result();
  return {};
}

Status LookAtEnd(RestartContext* run) {
  const auto sockets = SampleStates(run, kAtEnd);
  if (!sockets) {
    return Fail(sockets.error());
  }
  RestartFacts& facts = run->facts;
  facts.left_at_end = GroupByState(*sockets);
  facts.clients = run->clients->Stop();
  if (IsServed(facts)) {
    return {};
  }
  for (const ListenerSeen& listener : InspectListeners(*sockets, Survivors(*run))) {
    facts.survivors_with_listener.insert(
        facts.survivors_with_listener.end(), listener.holders.begin(), listener.holders.end());
  }
  const Result<std::string> plain = TryBind(run, json::array());
  const Result<std::string> reuse = TryBind(run, json::array({json::array({"SO_REUSEADDR", 1})}));
  if (!plain || !reuse) {
    return Fail(plain ? reuse.error() : plain.error());
  }
  facts.probe = BindProbe{*plain, *reuse};
  return {};
}

}  // namespace lastack

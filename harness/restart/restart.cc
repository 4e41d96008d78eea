#include "restart/restart.h"

#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/signal_name.h"
#include "base/strings.h"
#include "restart/clients.h"
#include "restart/inspect.h"
#include "restart/prober.h"
#include "restart/processes.h"
#include "restart/server.h"
#include "run/captures.h"
#include "run/context.h"
#include "run/slots.h"
#include "testbed/netns.h"

namespace lastack {
namespace {

constexpr const char* kServer = "server";
constexpr const char* kClient = "client";
constexpr Duration kLook = std::chrono::milliseconds(2);  // at what is not reported unasked
constexpr Duration kMostUntilServed = std::chrono::minutes(5);
constexpr Duration kLongest = std::chrono::minutes(10);  // of everything
constexpr size_t kShownLines = 10;

// Starts in a row that fail: at once again for a while, so that a server that is soon back is not
// measured by our pauses.
constexpr int kStartsWithoutPause = 50;
constexpr Duration kStartPause = std::chrono::milliseconds(20);
constexpr size_t kKeptStarts = 20;  // the first half and the last half of them
constexpr size_t kKeptStartOutput = 2048;

Scenario TwoHosts(const RestartRequest& request) {
  Scenario scenario;
  scenario.id = "restart/" + request.command.front();
  scenario.family = request.family.value_or(Family::kV4);
  scenario.hosts.resize(2);
  scenario.hosts[0].name = kServer;
  scenario.hosts[1].name = kClient;
  scenario.endpoints.resize(static_cast<size_t>(request.connections));  // the captures' size
  return scenario;
}

std::string Kernel() {
  utsname names{};
  uname(&names);
  return names.release;
}

class Restart {
 public:
  Restart(const RestartRequest& request, Testbed* testbed, Session* session, Recorder* recorder)
      : request_(request),
        testbed_(testbed),
        session_(session),
        recorder_(recorder),
        server_(session, &request) {
    facts_.request = request;
    facts_.kernel = Kernel();
  }

  Status Run(int wake_fd);
  [[nodiscard]] RestartFacts Take() { return std::move(facts_); }

 private:
  Status AwaitReady();
  Status FindMain();
  Result<std::optional<PortSocket>> FindListener();
  Status Connect();
  Status Inspect();
  Status Kill();
  Status AwaitDeath();
  Status StartUntilServed();
  Status Conclude();
  Result<BindProbe> ProbeBind();

  [[nodiscard]] Error Failure(const std::string& message, const std::string& hint) const;
  [[nodiscard]] Error NeverReady();
  [[nodiscard]] bool GaveUp();
  void KeepStart(Start start);
  void RecordStates(int phase, const std::vector<PortSocket>& sockets, int64_t t0_ns);
  [[nodiscard]] const Fd& ClientNetwork() {
    return testbed_->host(facts_.on_loopback ? kServer : kClient).network;
  }

  const RestartRequest& request_;
  Testbed* testbed_;
  Session* session_;
  Recorder* recorder_;
  Server server_;
  RestartFacts facts_;
  std::optional<PortSockets> sockets_;
  std::unique_ptr<Clients> clients_;
  std::vector<OuterProcess> old_processes_;  // just before the death
  std::vector<Fd> old_handles_;              // of each of them
  std::vector<Fd> dying_;
  std::unique_ptr<Prober> prober_;
  pid_t main_outer_ = -1;
  int wake_fd_ = -1;
};

Error Restart::Failure(const std::string& message, const std::string& hint) const {
  const std::string output = LastLines(server_.output(), kShownLines, "  ");
  return {ErrorKind::kSystem,
          message + (output.empty() ? "; it printed nothing" : "; its last output:\n" + output),
          hint};
}

// ---- until it is ready

Result<std::optional<PortSocket>> Restart::FindListener() {
  const auto& addresses = testbed_->host(kServer).addresses;
  std::vector<std::string> candidates = {
      addresses.at("own4"), addresses.at("own6"), "127.0.0.1", "::1"};
  if (!request_.address.empty()) {
    candidates = {request_.address};
  }
  for (const std::string& address : candidates) {
    const bool v6 = address.find(':') != std::string::npos;
    if (request_.family && v6 != (*request_.family == Family::kV6)) {
      continue;
    }
    const auto found = sockets_->ListenerFor({address, request_.port});
    if (!found) {
      return Fail(found.error());
    }
    if (*found) {
      facts_.target = {address, request_.port};
      facts_.on_loopback = address == "::1" || address.starts_with("127.");
      return *found;
    }
  }
  return std::optional<PortSocket>();
}

Error Restart::NeverReady() {
  const std::string waited = FormatDuration(request_.ready_within);
  const auto listeners = sockets_->Listeners();
  std::vector<std::string> elsewhere;
  if (listeners) {
    for (const PortSocket& socket : *listeners) {
      elsewhere.push_back(ToString(socket.local));
    }
  }
  if (facts_.target.port != 0) {
    return Failure(fmt::format("the server listens on {} but was not ready within {} (--ready {})",
                               ToString(facts_.target),
                               waited,
                               ToString(request_.ready)),
                   "--ready-within D gives it more time");
  }
  if (!elsewhere.empty()) {
    return Failure(fmt::format("the server does not listen on port {} after {}, but on {}",
                               request_.port,
                               waited,
                               Join(elsewhere, ", ")),
                   "--port, --family and --address say where it is to be reached");
  }
  return Failure(
      fmt::format("the server does not listen on port {} after {}", request_.port, waited),
      "--ready-within D gives it more time");
}

Status Restart::AwaitReady() {
  const Deadline deadline(request_.ready_within);
  const std::atomic<bool> stop = false;
  bool ready = false;
  Status problem;
  const auto look = [&] {
    const auto listener = FindListener();
    if (!listener) {
      problem = Fail(listener.error());
      return true;
    }
    ready = listener->has_value();
    if (ready && request_.ready.kind == Ready::Kind::kLine) {
      ready = server_.line_ns() != 0;
    }
    return ready;
  };
  while (!ready) {
    const auto waited = session_->ProcessUntil(look, std::min(kLook, deadline.Left()));
    if (!waited || !problem) {
      return waited ? problem : Fail(waited.error());
    }
    const auto end = server_.end();
    if (!ready && end && (request_.pidfile.empty() || !end->well)) {
      const bool left = !ProcessesUnder(testbed_->host(kServer).pid).empty();
      return Fail(Failure(
          fmt::format("the server ended with {} before it {}",
                      end->how,
                      facts_.target.port == 0 ? fmt::format("listened on port {}", request_.port)
                                              : "was ready"),
          left && end->well ? "it seems to go into the background: --pidfile F names the file with "
                              "the number of its main process"
                            : ""));
    }
    if (!ready && deadline.Expired()) {
      return Fail(NeverReady());
    }
  }
  if (request_.ready.kind == Ready::Kind::kHttp) {
    // Asked until it answers well, each time on a new connection.
    std::atomic<bool> over = false;
    std::string said;
    while (true) {
      const auto attempt = InNetwork(ClientNetwork(), [&]() -> Result<ServiceAttempt> {
        std::jthread clock([&](const std::stop_token& token) {
          while (!token.stop_requested() && !deadline.Expired()) {
            std::this_thread::sleep_for(kLook);
          }
          over = deadline.Expired();
        });
        return TryService({facts_.target, request_.ready, "", true}, &*sockets_, over);
      });
      if (!attempt) {
        return Fail(attempt.error());
      }
      if (attempt->served) {
        break;
      }
      said = attempt->error.empty() ? said : attempt->error;
      if (deadline.Expired()) {
        return Fail(Failure(fmt::format("the server was not ready within {}: GET {} {}",
                                        FormatDuration(request_.ready_within),
                                        request_.ready.text,
                                        said.empty() ? "was not answered" : "gave " + said),
                            "--ready-within D gives it more time"));
      }
      const auto waited = session_->ProcessUntil([] { return false; }, kLook);
      if (!waited) {
        return Fail(waited.error());
      }
    }
  }
  facts_.ready_ns = MonotonicNs() - server_.started_ns();
  return FindMain();
}

Status Restart::FindMain() {
  pid_t inner = server_.pid();
  if (!request_.pidfile.empty()) {
    std::ifstream file(request_.pidfile);
    if (!(file >> inner)) {
      return Fail(Failure("cannot read a process number from the pid file " + request_.pidfile,
                          "--pidfile names the file that the server writes"));
    }
  }
  for (const OuterProcess& process : ProcessesUnder(testbed_->host(kServer).pid)) {
    if (process.own.pid == inner) {
      facts_.main = process.own;
      main_outer_ = process.pid;
      return {};
    }
  }
  return Fail(Failure(
      fmt::format("the server's main process {} is gone although it listens", inner),
      "it seems to go into the background: --pidfile F names the file with the number of its main "
      "process"));
}

// ---- its clients

Status Restart::Connect() {
  facts_.connections.asked = request_.connections;
  auto clients =
      Clients::Open({&ClientNetwork(), facts_.target, request_.connections, request_.clients});
  if (!clients) {
    return Fail(Failure(clients.error().message, ""));
  }
  clients_ = std::move(*clients);
  facts_.connections.open = clients_->open();
  // Until it has accepted all, or accepts no more.
  constexpr Duration kIdle = std::chrono::milliseconds(300);
  Deadline idle(kIdle);
  while (facts_.connections.accepted < facts_.connections.open && !idle.Expired()) {
    const auto sockets = sockets_->On(request_.port);
    if (!sockets) {
      return Fail(sockets.error());
    }
    const int accepted = CountAccepted(*sockets);
    if (accepted > facts_.connections.accepted) {
      facts_.connections.accepted = accepted;
      idle = Deadline(kIdle);
    } else if (server_.end()) {
      break;
    }
    if (accepted < facts_.connections.open) {
      const auto waited = session_->ProcessUntil([] { return false; }, kLook);
      if (!waited) {
        return Fail(waited.error());
      }
    }
  }
  return {};
}

Status Restart::Inspect() {
  const int64_t t0_ns = MonotonicNs();
  const auto sockets = sockets_->On(request_.port);
  if (!sockets) {
    return Fail(sockets.error());
  }
  RecordStates(0, *sockets, t0_ns);
  old_processes_ = ProcessesUnder(testbed_->host(kServer).pid);
  old_handles_.clear();
  for (const OuterProcess& process : old_processes_) {
    Result<Fd> handle = OpenProcess(process.pid);
    old_handles_.push_back(handle ? std::move(*handle) : Fd());
  }
  auto listeners = InspectListeners(*sockets, old_processes_);
  if (!listeners) {
    return Fail(listeners.error());
  }
  facts_.listeners = std::move(*listeners);
  facts_.accepted = InspectAccepted(*sockets, old_processes_);
  return {};
}

// ---- its death

Status Restart::Kill() {
  for (size_t i = 0; i < old_processes_.size(); ++i) {
    const bool main = old_processes_[i].pid == main_outer_;
    if ((main || request_.signal_all) && old_handles_[i].valid()) {
      dying_.push_back(OpenProcess(old_processes_[i].pid).value_or(Fd()));
    }
  }
  std::erase_if(dying_, [](const Fd& process) { return !process.valid(); });
  const bool defers = std::any_of(
      facts_.listeners.begin(), facts_.listeners.end(), [](const ListenerSeen& listener) {
        return listener.options && listener.options->defer_accept;
      });
  std::set<uint64_t> cookies;
  for (const ListenerSeen& listener : facts_.listeners) {
    cookies.insert(listener.cookie);
  }
  prober_ = std::make_unique<Prober>(
      ProberPlan{.server_network = &testbed_->host(kServer).network,
                 .client_network = &ClientNetwork(),
                 .dying = &dying_,
                 .wanted = {facts_.target, request_.ready, request_.request, defers},
                 .old_listeners = std::move(cookies),
                 .wake_fd = wake_fd_});
  prober_->Start();
  if (!request_.request.empty()) {
    clients_->SendRequest(request_.request);
  }
  if (Status watched = clients_->Watch(); !watched) {
    return watched;
  }
  if (request_.signal == kNoSignal) {
    return {};
  }
  facts_.death.signal_ns = MonotonicNs();
  for (const Fd& process : dying_) {
    if (Status sent = SendSignal(process, request_.signal); !sent) {
      return sent;
    }
  }
  return {};
}

Status Restart::AwaitDeath() {
  const auto died =
      session_->ProcessUntil([&] { return prober_->death_ns() != 0; }, request_.stop_within);
  if (!died) {
    return Fail(died.error());
  }
  if (!*died) {
    const auto sockets = sockets_->On(request_.port);
    const bool listens =
        sockets && std::any_of(sockets->begin(), sockets->end(), [](const auto& s) {
          return s.state == State::kListen;
        });
    const int connections = sockets ? CountAccepted(*sockets) : 0;
    const std::string after = FormatDuration(request_.stop_within);
    const std::string what =
        request_.signal == kNoSignal
            ? fmt::format("the server did not end by itself within {}", after)
            : fmt::format(
                  "the server still runs {} after SIG{}", after, SignalName(request_.signal));
    return Fail(Failure(
        fmt::format("{} ({} and has {} connections)",
                    what,
                    listens ? "it still listens" : "it listens no more",
                    connections),
        request_.signal == kNoSignal
            ? "--signal KILL ends it; --stop-within D waits longer"
            : "it ignores the signal, or waits for its clients: --clients close, another --signal, "
              "or --stop-within D to wait longer"));
  }
  facts_.death.death_ns = prober_->death_ns();
  return {};
}

// ---- and its return

void Restart::KeepStart(Start start) {
  if (start.output.size() > kKeptStartOutput) {
    start.output.erase(0, start.output.size() - kKeptStartOutput);
  }
  if (facts_.starts.size() == kKeptStarts) {
    facts_.starts.erase(facts_.starts.begin() + kKeptStarts / 2);
  }
  facts_.starts.push_back(std::move(start));
}

// A server in the background has given up when none of its processes is left.
bool Restart::GaveUp() {
  const auto end = server_.end();
  if (!end) {
    return false;
  }
  if (request_.pidfile.empty() || !end->well) {
    return true;
  }
  const std::vector<OuterProcess> now = ProcessesUnder(testbed_->host(kServer).pid);
  return std::all_of(now.begin(), now.end(), [&](const OuterProcess& process) {
    return std::any_of(old_processes_.begin(), old_processes_.end(), [&](const OuterProcess& old) {
      return old.pid == process.pid;
    });
  });
}

Status Restart::StartUntilServed() {
  const Duration limit = request_.until_served ? kMostUntilServed : request_.within;
  const Deadline deadline(limit - Duration(MonotonicNs() - facts_.death.death_ns));
  bool first = true;
  while (!prober_->served() && !deadline.Expired()) {
    prober_->ForgetLine();
    if (Status started = server_.Start(); !started) {
      return Fail(Failure("the server could not be started again: " + started.error().message, ""));
    }
    ++facts_.start_count;
    if (std::exchange(first, false)) {
      const int64_t t0_ns = MonotonicNs();
      const auto sockets = sockets_->On(request_.port);
      if (!sockets) {
        return Fail(sockets.error());
      }
      facts_.left = GroupByState(*sockets);
      RecordStates(1, *sockets, t0_ns);
      if (const auto end = server_.EndOf(facts_.main.pid)) {
        facts_.death.how = end->how;
      }
      for (size_t i = 0; i < old_processes_.size(); ++i) {
        if (old_handles_[i].valid() && !HasEnded(old_handles_[i])) {
          facts_.survivors.push_back(old_processes_[i].own);
        }
      }
    }
    Start start{.started_ns = server_.started_ns()};
    bool gave_up = false;
    while (!gave_up && !prober_->served() && !deadline.Expired()) {
      // In a background server nobody tells us of the last process.
      const Duration wait = request_.pidfile.empty() ? deadline.Left() : kLook;
      const auto waited = session_->ProcessUntil(
          [&] {
            if (server_.line_ns() != 0) {
              prober_->LineSeen(server_.line_ns());
            }
            return prober_->served() || server_.end().has_value();
          },
          std::min(wait, deadline.Left()));
      if (!waited) {
        return Fail(waited.error());
      }
      gave_up = !prober_->served() && GaveUp();
      if (!gave_up && server_.end() && !prober_->served()) {
        const auto paused = session_->ProcessUntil([&] { return prober_->served(); }, kLook);
        if (!paused) {
          return Fail(paused.error());
        }
      }
    }
    if (gave_up) {
      start.ended_ns = server_.end()->t_ns;
      start.how = server_.end()->how;
      if (facts_.start_count > kStartsWithoutPause) {
        const auto paused = session_->ProcessUntil([&] { return prober_->served(); },
                                                   std::min(kStartPause, deadline.Left()));
        if (!paused) {
          return Fail(paused.error());
        }
      }
    }
    start.output = server_.output();
    KeepStart(std::move(start));
  }
  facts_.end_ns = MonotonicNs();
  prober_->Stop();
  facts_.served = prober_->result();
  return {};
}

Result<BindProbe> Restart::ProbeBind() {
  const auto ask = [&](const nlohmann::json& options) -> Result<std::string> {
    const SocketAddress address =
        facts_.listeners.empty() ? facts_.target : facts_.listeners.front().address;
    const bool v6 = address.address.find(':') != std::string::npos;
    const auto ok = session_->Ask(kServer,
                                  {{"do", "rebind"},
                                   {"family", v6 ? "v6" : "v4"},
                                   {"address", {address.address, address.port}},
                                   {"options", options}},
                                  std::chrono::seconds(5));
    if (!ok) {
      return Fail(ok.error());
    }
    return ok->value("error", "");
  };
  const Result<std::string> plain = ask(nlohmann::json::array());
  const Result<std::string> reuse =
      ask(nlohmann::json::array({nlohmann::json::array({"SO_REUSEADDR", 1})}));
  if (!plain || !reuse) {
    return Fail(plain ? reuse.error() : plain.error());
  }
  return BindProbe{*plain, *reuse};
}

Status Restart::Conclude() {
  const int64_t t0_ns = MonotonicNs();
  const auto sockets = sockets_->On(request_.port);
  if (!sockets) {
    return Fail(sockets.error());
  }
  RecordStates(2, *sockets, t0_ns);
  facts_.left_at_end = GroupByState(*sockets);
  facts_.clients = clients_->Stop();
  if (IsServed(facts_)) {
    return {};
  }
  std::vector<OuterProcess> alive;
  for (size_t i = 0; i < old_processes_.size(); ++i) {
    if (old_handles_[i].valid() && !HasEnded(old_handles_[i])) {
      alive.push_back(old_processes_[i]);
    }
  }
  const auto listeners = InspectListeners(*sockets, alive);
  if (!listeners) {
    return Fail(listeners.error());
  }
  for (const ListenerSeen& listener : *listeners) {
    for (const ServerProcess& holder : listener.holders) {
      facts_.survivors_with_listener.push_back(holder);
    }
  }
  auto probe = ProbeBind();
  if (!probe) {
    return Fail(probe.error());
  }
  facts_.probe = std::move(*probe);
  return {};
}

void Restart::RecordStates(int phase, const std::vector<PortSocket>& sockets, int64_t t0_ns) {
  KernelSampled sampled{
      .step = phase, .host = kServer, .t0_ns = t0_ns, .t1_ns = MonotonicNs(), .samples = {}};
  for (const PortSocket& socket : sockets) {
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
  recorder_->Add(std::string("host:") + kServer, t_ns, std::move(sampled));
}

Status Restart::Run(int wake_fd) {
  wake_fd_ = wake_fd;
  auto sockets = InNetwork(testbed_->host(kServer).network, PortSockets::Open);
  if (!sockets) {
    return Fail(sockets.error());
  }
  sockets_ = std::move(*sockets);
  Status done = server_.Start();
  if (!done) {
    return Fail(done.error());
  }
  for (const auto part : {&Restart::AwaitReady,
                          &Restart::Connect,
                          &Restart::Inspect,
                          &Restart::Kill,
                          &Restart::AwaitDeath,
                          &Restart::StartUntilServed,
                          &Restart::Conclude}) {
    if (done = (this->*part)(); !done) {
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
  // For the clients' sockets; the hosts, which run already, keep the limit that they have.
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  const Fd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) {
    return FailErrno("cannot make an eventfd");
  }
  Slots slots(1);
  SlotHold slot(&slots);
  Recorder recorder;
  Session session(testbed->get(),
                  &recorder,
                  &slot,
                  {environment.stop_fd, Deadline(kLongest + request.within), wake.get()});
  RunContext run{
      .scenario = &scenario, .testbed = testbed->get(), .session = &session, .recorder = &recorder};
  if (Status greeted = session.Greet(); !greeted) {
    return Fail(greeted.error());
  }
  if (Status captured = StartCaptures(&run, HostsThere(run)); !captured) {
    return Fail(captured.error());
  }
  Restart restart(request, testbed->get(), &session, &recorder);
  if (Status done = restart.Run(wake.get()); !done) {
    return Fail(done.error());
  }
  if (Status stopped = StopCaptures(&run, HostsThere(run)); !stopped) {
    return Fail(stopped.error());
  }
  RestartRun result;
  result.facts = restart.Take();
  result.evidence = recorder.Take();
  return result;
}

}  // namespace lastack

#include "cli/rebind_server.h"

#include <initializer_list>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/signal_name.h"
#include "base/socket_address.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "cli/print_error.h"
#include "record/store.h"
#include "restart/diagnose.h"
#include "restart/report.h"
#include "restart/restart.h"
#include "scenario/value.h"
#include "testbed/testbed.h"

namespace lastack {
namespace {

constexpr int64_t kMostConnections = 10'000;
constexpr size_t kMostRequestBytes = 65536;  // what a socket takes without a reader

Result<Duration> DurationOf(const char* option, const std::string& text) {
  const auto duration = ParseDuration(text);
  if (!duration || duration->count() == 0) {
    return Fail(
        ErrorKind::kScenario,
        fmt::format("{} {}: not a duration with a unit, such as 500ms or 2s", option, text));
  }
  return *duration;
}

Result<int> SignalOf(const std::string& name) {
  if (name == "none") {
    return kNoSignal;
  }
  const auto number = SignalFromName(name.starts_with("SIG") ? name.substr(3) : name);
  if (!number) {
    return Fail(ErrorKind::kScenario,
                "--signal " + name + ": there is no such signal",
                "use a name such as KILL, TERM or INT, or none if the server ends by itself");
  }
  return *number;
}

Result<std::string> RequestOf(const std::string& path) {
  if (path.empty()) {
    return std::string();
  }
  auto text = ReadWholeFile(path);
  if (!text) {
    return Fail(ErrorKind::kScenario, "--request: " + text.error().message);
  }
  if (text->empty() || text->size() > kMostRequestBytes) {
    return Fail(ErrorKind::kScenario,
                fmt::format("--request {}: has {} bytes; 1 to {} can be sent",
                            path,
                            text->size(),
                            kMostRequestBytes));
  }
  return text;
}

ClientsDo ClientsOf(const std::string& name) {
  for (const ClientsDo clients : {ClientsDo::kClose, ClientsDo::kReconnect}) {
    if (ToString(clients) == name) {
      return clients;
    }
  }
  return ClientsDo::kHold;  // the command line allows no other
}

// Numeric, and of the family asked for.
Status CheckAddress(const std::string& address, const std::optional<Family>& family) {
  if (address.empty()) {
    return {};
  }
  sockaddr_storage unused{};
  const bool v4 = ToSockaddr({address, 1}, AF_INET, &unused).has_value();
  const bool v6 = !v4 && ToSockaddr({address, 1}, AF_INET6, &unused).has_value();
  if (!v4 && !v6) {
    return Fail(ErrorKind::kScenario,
                "--address " + address + ": not a numeric address",
                "the server's host has 10.77.0.2, fd77::2, 127.0.0.1 and ::1");
  }
  if (family && v6 != (*family == Family::kV6)) {
    return Fail(ErrorKind::kScenario,
                fmt::format("--address {} and --family {}: the address is of the other family",
                            address,
                            ToString(*family)));
  }
  return {};
}

Result<RestartRequest> RequestFrom(const ServerRebindArguments& arguments) {
  RestartRequest request;
  if (arguments.port == 0) {
    return Fail(ErrorKind::kScenario, "--port is missing: the port that the server listens on");
  }
  if (arguments.command.empty()) {
    return Fail(ErrorKind::kScenario,
                "there is no server to start",
                "its command line stands behind --: lastack rebind --port 8080 -- ./server --args");
  }
  const auto connections = ParseInteger(arguments.connections);
  if (!connections || *connections < 0 || *connections > kMostConnections) {
    return Fail(ErrorKind::kScenario,
                fmt::format("--connections {}: with a server of yours one number, 0 to {}",
                            arguments.connections,
                            kMostConnections));
  }
  if (!arguments.family.empty() && arguments.family != "v4" && arguments.family != "v6") {
    return Fail(ErrorKind::kScenario,
                "--family " + arguments.family + ": clients of a server of yours use v4 or v6");
  }
  const auto family = FamilyFromString(arguments.family);
  const Status address = CheckAddress(arguments.address, family);
  auto ready = ParseReady(arguments.ready);
  auto signal = SignalOf(arguments.signal);
  auto bytes = RequestOf(arguments.request);
  auto within = DurationOf("--within", arguments.within);
  auto ready_within = DurationOf("--ready-within", arguments.ready_within);
  auto stop_within = DurationOf("--stop-within", arguments.stop_within);
  for (const Error* error :
       std::initializer_list<const Error*>{address ? nullptr : &address.error(),
                                           ready ? nullptr : &ready.error(),
                                           signal ? nullptr : &signal.error(),
                                           bytes ? nullptr : &bytes.error(),
                                           within ? nullptr : &within.error(),
                                           ready_within ? nullptr : &ready_within.error(),
                                           stop_within ? nullptr : &stop_within.error()}) {
    if (error != nullptr) {
      return Fail(*error);
    }
  }
  request.command = arguments.command;
  request.port = static_cast<uint16_t>(arguments.port);
  request.address = arguments.address;
  request.family = family;
  request.connections = static_cast<int>(*connections);
  request.signal = *signal;
  request.signal_all = arguments.signal_all;
  request.clients = ClientsOf(arguments.clients);
  request.client = arguments.client;
  request.ready = std::move(*ready);
  request.request = std::move(*bytes);
  request.within = *within;
  request.until_served = arguments.until_served;
  request.ready_within = *ready_within;
  request.stop_within = *stop_within;
  request.pidfile = arguments.pidfile;
  request.user = arguments.user;
  return request;
}

int Fault(const Error& error) {
  PrintError(error);
  return error.kind == ErrorKind::kScenario ? kExitUsage : kExitError;
}

}  // namespace

void AddServerRebindOptions(CLI::App* app, ServerRebindArguments* arguments) {
  const auto text = [&](const char* name, std::string* value, const char* type, const char* what) {
    return app->add_option(name, *value, what)->type_name(type)->group(kServerGroup);
  };
  app->add_option("SERVER", arguments->command, "the server and its arguments, behind --");
  app->add_option("--port", arguments->port, "the port it listens on")
      ->type_name("N")
      ->check(CLI::Range(1, 65535))
      ->group(kServerGroup);
  text("--signal",
       &arguments->signal,
       "S",
       "KILL (default), TERM, INT …, or none: it ends by itself");
  app->add_flag("--signal-all",
                arguments->signal_all,
                "the signal goes to all of its processes, not just to the main one")
      ->group(kServerGroup);
  text("--clients",
       &arguments->clients,
       "W",
       "what clients do then: hold (default), close, reconnect")
      ->check(CLI::IsMember({"hold", "close", "reconnect"}));
  text("--client",
       &arguments->client,
       "CMD",
       "run this shell command in the client's host instead of each connection of ours; {address} "
       "and {port} are the server's");
  text("--ready",
       &arguments->ready,
       "R",
       "it serves when it has accepted a connection (tcp), answered GET /path (http:/path), or "
       "printed TEXT (line:TEXT)");
  app->add_flag("--until-served", arguments->until_served, "go on after that, until it serves")
      ->group(kServerGroup);
  text("--request", &arguments->request, "FILE", "each client sends this just before the death");
  text("--pidfile", &arguments->pidfile, "F", "of a server that goes into the background");
  text("--user", &arguments->user, "U", "run the server as this user");
  text("--address",
       &arguments->address,
       "A",
       "the address clients connect to (default: as it listens)");
  text("--evidence", &arguments->evidence, "DIR", "keep captures, states and the result here");
  text("--ready-within",
       &arguments->ready_within,
       "D",
       "most time to its first readiness (default 10s)");
  text("--stop-within",
       &arguments->stop_within,
       "D",
       "most time from signal to death (default 10s)");
}

int RunServerRebind(const ServerRebindArguments& arguments, int stop_fd) {
  const auto request = RequestFrom(arguments);
  if (!request) {
    return Fault(request.error());
  }
  auto programs = FindPrograms();
  if (!programs) {
    return Fault(programs.error());
  }
  if (const Status entered = EnterUserNamespaceIfNeeded(); !entered) {
    return Fault(entered.error());
  }
  const auto run =
      RunRestart(*request, {std::move(*programs), stop_fd, !arguments.evidence.empty()});
  if (!run) {
    return Fault(run.error());
  }
  const Diagnosis diagnosis = Diagnose(run->facts);
  if (!arguments.evidence.empty()) {
    if (const Status written =
            WriteRestartEvidence(arguments.evidence, run->facts, diagnosis, run->evidence);
        !written) {
      return Fault(written.error());
    }
  }
  const std::string text = RestartText(run->facts, diagnosis, arguments.evidence);
  const std::string document = RestartDocument(run->facts, diagnosis, arguments.evidence);
  if (arguments.json == "-") {
    fmt::print("{}", document);
    fmt::print(stderr, "{}", text);
  } else {
    fmt::print("{}", text);
  }
  if (!arguments.json.empty() && arguments.json != "-") {
    if (const Status written = WriteFileAtomically(arguments.json, document); !written) {
      return Fault(written.error());
    }
  }
  return IsBackInTime(run->facts) ? 0 : 1;
}

}  // namespace lastack

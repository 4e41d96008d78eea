// `lastack watch`: what happens to this machine's own TCP sockets, as it happens. It only looks.
#include <fcntl.h>
#include <poll.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/fd.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/print_error.h"
#include "observe/bpf/kernel_trace.h"
#include "observe/port_sockets.h"
#include "report/socket_watch.h"
#include "report/socket_watch_text.h"

namespace lastack {
namespace {

constexpr int kLookEveryMs = 100;

struct WatchArguments {
  uint16_t port = 0;  // 0: all
  bool json = false;
};

struct Watching {
  std::unique_ptr<KernelTrace> trace;
  NetnsId netns = 0;
};

Result<Watching> BeginWatching() {
  Watching watching;
  auto trace = KernelTrace::Load();
  if (!trace) {
    Error error = trace.error();
    if (error.kind != ErrorKind::kPermission) {
      error.hint = "lastack doctor says what this machine can do";
    }
    return Fail(error);
  }
  watching.trace = std::move(*trace);
  const Fd here(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  const auto netns = NetnsIdOf(here.get());
  if (!netns) {
    return Fail(netns.error());
  }
  watching.netns = *netns;
  if (const Status watched = watching.trace->Watch(*netns); !watched) {
    return Fail(watched.error());
  }
  return watching;
}

// What has changed since the trace began tells its own state; of all others the kernel is asked.
Status KnowWhatIsThere(const Traced& first, SocketWatch* watch) {
  auto sockets = PortSockets::Open();
  if (!sockets) {
    return Fail(sockets.error());
  }
  const auto there = sockets->On(0);
  if (!there) {
    return Fail(there.error());
  }
  std::set<uint64_t> changed;
  for (const TracedEvent& event : first.events) {
    if (event.data.what == TraceKind::kState || event.data.what == TraceKind::kTimerSet) {
      changed.insert(event.data.cookie);
    }
  }
  for (const PortSocket& socket : *there) {
    if (!changed.contains(socket.cookie)) {
      watch->Know({.cookie = socket.cookie,
                   .local = socket.local,
                   .remote = socket.remote,
                   .state = socket.state,
                   .mini = socket.kind == SampleKind::kTimeWait});
    }
  }
  return {};
}

void PrintBegin(const WatchArguments& arguments, const WatchBegun& begun) {
  if (arguments.json) {
    fmt::print("{}", WatchJson(begun));
    return;
  }
  fmt::print(stderr,
             "watching {}; sockets there: {}; Ctrl-C ends\n",
             begun.port == 0 ? "all TCP sockets" : fmt::format("TCP port {}", begun.port),
             begun.sockets);
  for (const std::string& blind_spot : begun.blind_spots) {
    fmt::print(stderr, "not seen on this kernel: {}\n", blind_spot);
  }
  fmt::print("{}", WatchHeading());
}

void PrintLost(const WatchArguments& arguments, int64_t lost) {
  if (arguments.json) {
    fmt::print("{}", WatchLostJson(lost));
  } else {
    fmt::print(stderr, "{} events were not seen: too many at once\n", lost);
  }
}

void PrintChanges(const WatchArguments& arguments, SocketWatch* watch) {
  const ClockPair now = ReadBothClocks();
  const TimeOfDay clock{now.realtime_ns - now.monotonic_ns};
  for (const SocketChange& change : watch->Take(now.monotonic_ns)) {
    fmt::print("{}", arguments.json ? WatchJson(change, clock) : WatchLine(change, clock));
  }
}

// False when nobody can read on; that of a closed pipe is no error.
bool Flush(int* exit_code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) {
    return true;
  }
  const int reason = errno;
  if (reason != EPIPE) {
    PrintError(SystemError("cannot write to stdout", reason));
    *exit_code = kExitError;
  }
  return false;
}

int Fault(const Error& error) {
  PrintError(error);
  return kExitError;
}

int Watch(const WatchArguments& arguments, int stop_fd) {
  const auto watching = BeginWatching();
  if (!watching) {
    return Fault(watching.error());
  }
  SocketWatch watch(arguments.port);
  int64_t lost_before = 0;
  int exit_code = 0;
  bool begun = false;
  pollfd stop{stop_fd, POLLIN, 0};
  while (true) {
    const Traced traced = watching->trace->Take(watching->netns);
    if (!begun) {
      if (const Status known = KnowWhatIsThere(traced, &watch); !known) {
        return Fault(known.error());
      }
      PrintBegin(arguments, {arguments.port, watch.size(), watching->trace->blind_spots()});
      begun = true;
    }
    for (const TracedEvent& event : traced.events) {
      watch.Add({event.t_ns, event.data, {event.pid, event.comm}});
    }
    PrintChanges(arguments, &watch);
    const int64_t lost = traced.lost + traced.missed;
    if (lost > lost_before) {
      PrintLost(arguments, lost - lost_before);
      lost_before = lost;
    }
    if (!Flush(&exit_code) || poll(&stop, 1, kLookEveryMs) > 0) {
      return exit_code;
    }
  }
}

}  // namespace

Command AddWatchCommand(CLI::App* app, int stop_fd) {
  auto arguments = std::make_shared<WatchArguments>();
  CLI::App* command =
      app->add_subcommand("watch", "watch this machine's own TCP sockets change, as they do");
  command->add_option("PORT", arguments->port, "only sockets with this local or remote port")
      ->check(CLI::Range(1, 65535));
  command->add_flag("--json", arguments->json, "one JSON object a line");
  command->footer(
      "It only looks. It needs root (CAP_BPF and CAP_PERFMON); Ctrl-C ends it.\n"
      "Exit: 0 if nobody reads its output any more; 2 wrong usage; 3 it cannot watch here; 128+n "
      "on signal n.\n\n"
      "Examples:\n"
      "  lastack watch 8080\n"
      "  lastack watch --json | jq 'select(.kind == \"rst_sent\")'");
  return {[command] { return command->parsed(); },
          [arguments, stop_fd] { return Watch(*arguments, stop_fd); }};
}

}  // namespace lastack

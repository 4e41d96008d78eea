// What the parts of one run share: the scenario, its testbed, the session with the hosts, the
// record.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "observe/bpf/kernel_trace.h"
#include "run/endpoint_book.h"
#include "run/recorder.h"
#include "run/session.h"
#include "scenario/model.h"
#include "testbed/testbed.h"

namespace lastack {

// A rebind that goes on while later steps are done.
struct AsyncRebind {
  const RebindStep* rebind = nullptr;
  SocketAddress address;
  int step = 0;
  int64_t request = 0;
};

struct RunContext {
  const Scenario* scenario = nullptr;
  Testbed* testbed = nullptr;
  Session* session = nullptr;
  Recorder* recorder = nullptr;
  std::map<std::string, std::string> peer_programs;  // peer → program instead of lastack-peer
  EndpointBook book;
  size_t learned = 0;                          // events that the book has taken over
  std::map<std::string, int64_t> spawns;       // peer → its open spawn request, or kSpawned
  std::set<std::string> gone;                  // hosts that vanished or, for a moment, reboot
  std::set<std::string> lost_endpoints;        // of hosts that vanished or rebooted
  std::set<std::string> named_on_wire;         // endpoints whose addresses the relay has been told
  std::map<std::string, AsyncRebind> rebinds;  // async name → what is under way
  KernelTrace* trace = nullptr;                // null: the kernel is not traced
  std::string untraced;                        // why not
  std::map<std::string, NetnsId> traced;       // host → its namespace, while it is followed
  int step = kBeforeFirstStep;
  int64_t step_started_ns = 0;
};

}  // namespace lastack

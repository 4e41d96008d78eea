// The calls of the peer protocol: one function each, and the table that finds them by name.
//
// A call's function is given its endpoints already looked up; it makes the system calls, in order,
// and says what each returned. Each may run on a thread of its own.
#pragma once

#include <atomic>
#include <optional>
#include <string_view>
#include <vector>

#include "peer/control.h"
#include "peer/request.h"
#include "peer/sockets.h"
#include "record/event.h"

namespace lastack {

// What all calls of a process share. Lives as long as the process.
struct PeerState {
  explicit PeerState(Fd control_fd) : control(std::move(control_fd)) {}

  Control control;
  Sockets sockets;
  std::atomic<int> running = 0;  // calls that are on threads of their own
};

struct CallContext {
  PeerState* peer;
  Request request;
  std::vector<NamedSocket> on;
};

using CallResults = std::vector<CallResult>;

// Nothing: no `finished` is to follow.
using CallFunction = std::optional<CallResults> (*)(const CallContext& call);

enum class RunsOn {
  kControlThread,  // it cannot block, or needs the control thread
  kOwnThread,
};

// How many endpoints or names a call takes.
enum class Takes { kNone, kOne, kMany, kOneOrNone };

struct CallInfo {
  std::string_view name;
  RunsOn runs_on;
  Takes on;
  Takes as;
  CallFunction function;
};

// Null if there is no such call.
[[nodiscard]] const CallInfo* FindCall(std::string_view name);

// calls_open.cc
std::optional<CallResults> CallBind(const CallContext& call);
std::optional<CallResults> CallListen(const CallContext& call);
std::optional<CallResults> CallConnect(const CallContext& call);
std::optional<CallResults> CallAccept(const CallContext& call);
std::optional<CallResults> CallDup(const CallContext& call);

// calls_data.cc
std::optional<CallResults> CallPoll(const CallContext& call);
std::optional<CallResults> CallSend(const CallContext& call);
std::optional<CallResults> CallRecv(const CallContext& call);

// calls_close.cc
std::optional<CallResults> CallShutdown(const CallContext& call);
std::optional<CallResults> CallClose(const CallContext& call);
std::optional<CallResults> CallDisconnect(const CallContext& call);
std::optional<CallResults> CallSet(const CallContext& call);
std::optional<CallResults> CallGet(const CallContext& call);

// calls_process.cc
std::optional<CallResults> CallFork(const CallContext& call);
std::optional<CallResults> CallSendSocket(const CallContext& call);
std::optional<CallResults> CallReceiveSocket(const CallContext& call);
std::optional<CallResults> CallExit(const CallContext& call);

}  // namespace lastack

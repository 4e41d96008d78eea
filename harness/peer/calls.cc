#include "peer/calls.h"

#include <algorithm>
#include <array>

namespace lastack {
namespace {

constexpr auto kDirect = RunsOn::kControlThread;
constexpr auto kThread = RunsOn::kOwnThread;

// close blocks where SO_LINGER is set.
constexpr std::array kCalls = {
    CallInfo{"bind", kDirect, Takes::kNone, Takes::kOne, CallBind},
    CallInfo{"listen", kDirect, Takes::kOneOrNone, Takes::kOneOrNone, CallListen},
    CallInfo{"connect", kThread, Takes::kOneOrNone, Takes::kMany, CallConnect},
    CallInfo{"accept", kThread, Takes::kOne, Takes::kMany, CallAccept},
    CallInfo{"poll", kThread, Takes::kMany, Takes::kNone, CallPoll},
    CallInfo{"send", kThread, Takes::kMany, Takes::kNone, CallSend},
    CallInfo{"recv", kThread, Takes::kMany, Takes::kNone, CallRecv},
    CallInfo{"shutdown", kDirect, Takes::kMany, Takes::kNone, CallShutdown},
    CallInfo{"close", kThread, Takes::kMany, Takes::kNone, CallClose},
    CallInfo{"disconnect", kDirect, Takes::kMany, Takes::kNone, CallDisconnect},
    CallInfo{"set", kDirect, Takes::kMany, Takes::kNone, CallSet},
    CallInfo{"get", kDirect, Takes::kMany, Takes::kNone, CallGet},
    CallInfo{"dup", kDirect, Takes::kOne, Takes::kOne, CallDup},
    CallInfo{"fork", kDirect, Takes::kNone, Takes::kOne, CallFork},
    CallInfo{"send_socket", kDirect, Takes::kOne, Takes::kNone, CallSendSocket},
    CallInfo{"receive_socket", kDirect, Takes::kNone, Takes::kOne, CallReceiveSocket},
    CallInfo{"exit", kDirect, Takes::kNone, Takes::kNone, CallExit},
};

}  // namespace

const CallInfo* FindCall(std::string_view name) {
  const auto* const found = std::find_if(
      kCalls.begin(), kCalls.end(), [name](const CallInfo& call) { return call.name == name; });
  return found == kCalls.end() ? nullptr : found;
}

}  // namespace lastack

// What the peer does on SIGTERM (docs/protocols.md, "SIGTERM").
#pragma once

#include <csignal>
#include <optional>
#include <string_view>
#include <vector>

#include "peer/sockets.h"

namespace lastack {

enum class TermMode { kDefault, kGraceful, kClose };

[[nodiscard]] std::optional<TermMode> TermModeFromString(std::string_view name);

// Sets every signal of the peer: SIGPIPE ignored, SIGTERM as the mode says. To be called before
// there is a second thread.
void InstallSignals(TermMode mode);

// kGraceful: SIGTERM is blocked in every thread; ppoll(2) with this mask is where the control
// thread takes it.
[[nodiscard]] const sigset_t& WaitMask();

// kGraceful: whether SIGTERM has come.
[[nodiscard]] bool TermRequested();

// kGraceful: reads and throws away what has arrived on each connection, and closes those that are
// at their end. Returns those that are not.
[[nodiscard]] std::vector<NamedSocket> CloseFinished(Sockets* sockets);

}  // namespace lastack

// The words in which the diagnosis speaks of the facts of a restart. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "restart/facts.h"

namespace lastack {

// "1 start", "2 starts".
[[nodiscard]] std::string Count(int count, const std::string& what);

// Whole seconds, rounded up, from one second on: the kernel's timers are no more exact.
[[nodiscard]] std::string Rounded(Duration duration);

// How many sockets in all.
[[nodiscard]] int Total(const std::vector<Left>& left);

// "100 connections [are] in TIME-WAIT and 3 in FIN-WAIT-2"; empty for none.
enum class Verb { kNone, kIs };
[[nodiscard]] std::string Describe(const std::vector<Left>& left, Verb verb);

// The longest of their timers; nothing if some have none, or some process still holds them.
[[nodiscard]] std::optional<Duration> Still(const std::vector<Left>& left);

// "nginx 5, nginx 6 and 3 more".
[[nodiscard]] std::string Processes(const std::vector<ServerProcess>& processes);

// What is known of an option of all old listeners.
enum class Known { kYes, kNo, kUnknown };
[[nodiscard]] Known ListenerHas(const RestartFacts& facts, bool SocketOptions::*option);

// "its last failed start ended with exit code 1: "OSError: …""; empty where none has failed.
[[nodiscard]] std::string LastStart(const RestartFacts& facts);

// Whether the start that was under way at the end had outlasted those that failed: it may be a slow
// one. Otherwise it would have failed like them.
[[nodiscard]] bool IsRunning(const RestartFacts& facts);

// "; 3 processes outlived its main process"; empty where none has.
[[nodiscard]] std::string Outlived(const RestartFacts& facts);

}  // namespace lastack

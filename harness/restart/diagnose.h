// Why a server was back, or was not: one sentence from the facts of a restart. Pure.
//
// Nothing is guessed: the cause follows from the options of the old sockets, from what was left on
// the port and who held it, and from what the kernel said to a socket of ours that tried to bind.
// Where these do not explain it, the sentence says so.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "restart/facts.h"

namespace lastack {

enum class Cause {
  kBack,          // within the time asked for
  kLate,          // it served, but later
  kLeftovers,     // connections that are left keep the port
  kSurvivors,     // processes that outlived the death hold the listener
  kNotServing,    // it listens and does not serve
  kNotListening,  // the port may be bound, and it runs without listening
  kOwnReason,     // the port may be bound, and it does not start
  kUnexplained,
};
// "back", "late", "leftovers" …: as the document names them.
[[nodiscard]] std::string_view ToString(Cause cause);

struct Diagnosis {
  Cause cause = Cause::kUnexplained;
  std::string sentence;           // with the remedy
  std::string remedy;             // "set SO_REUSEADDR before bind"; empty: none needed or known
  std::optional<Duration> still;  // how long the kernel's own timers would still keep the port
};

[[nodiscard]] Diagnosis Diagnose(const RestartFacts& facts);

}  // namespace lastack

// One row of `lastack rebind`, as a plan and as what was measured.
//
// Units: every *_ns of a Sample counts from the moment of death, on CLOCK_MONOTONIC. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "rebind/strategy.h"

namespace lastack {

// What the connections of the server are at the moment it dies.
enum class Population {
  kNothing,      // there has been none
  kTimeWait,     // served and closed; who closed first waits, unless the strategy prevents it
  kEstablished,  // open and idle
};

// Where the server listens; its clients use the family's own addresses.
enum class Listening {
  kV4,    // 0.0.0.0
  kV6,    // [::] with IPV6_V6ONLY
  kDual,  // [::]; the clients come over IPv4
};

// When the successor tries for the first time.
enum class Probe {
  kSpin,       // from the death on
  kAfterExit,  // once the process is gone, as a supervisor does; its end is then not disturbed
};

struct Cell {
  std::string strategy;
  Death death = Death::kKill;
  Population population = Population::kNothing;
  int count = 0;  // connections of the population
  Listening listening = Listening::kV4;
  int samples = 1;
  Probe probe = Probe::kSpin;
  Duration within{};  // that long after the end of the process the server is not back
};

// How often a call failed while the successor tried.
struct CallError {
  std::string call;   // "bind", "listen", "start"
  std::string error;  // "EADDRINUSE"
  int64_t times = 0;

  bool operator==(const CallError&) const = default;
};

// What a steady stream of clients saw, from the death until one of them was served again.
struct ClientsView {
  int64_t attempts = 0;
  int64_t refused = 0;
  int64_t reset = 0;
  int64_t timed_out = 0;
  int64_t longest_gap_ns = 0;  // between two that were served

  [[nodiscard]] int64_t failed() const { return refused + reset + timed_out; }
};

struct Sample {
  bool back = false;
  std::optional<int64_t> ended_ns;  // reaped; with Death::kClose all its sockets closed
  std::optional<int64_t> bound_ns;  // nothing where no one binds
  std::optional<int64_t> listening_ns;
  std::optional<int64_t> accepted_ns;  // the first connection
  std::optional<int64_t> answered_ns;  // its first octet, at the client
  int64_t attempts = 0;
  std::vector<CallError> errors;
  int64_t longest_period_ns = 0;  // between two attempts: the resolution of this sample
  ClientsView clients;
  int64_t left_before = 0;  // TIME-WAIT mini-sockets at the server, before the death
  int64_t left = 0;         // and when the sample was over
  int64_t destroyed = 0;    // sockets ended by SOCK_DESTROY
};

struct CellResult {
  std::vector<Sample> samples;
  int64_t build_ns = 0;  // the last population
};

[[nodiscard]] std::string_view ToString(Probe probe);
[[nodiscard]] std::optional<Probe> ProbeFromString(std::string_view name);
[[nodiscard]] std::string_view ToString(Population population);
[[nodiscard]] std::optional<Population> PopulationFromString(std::string_view name);
[[nodiscard]] std::string_view ToString(Listening listening);
[[nodiscard]] std::optional<Listening> ListeningFromString(std::string_view name);

}  // namespace lastack

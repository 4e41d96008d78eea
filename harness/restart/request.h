// What the user asks of `lastack rebind -- SERVER`: which server, how it dies, and when it counts
// as back.
#pragma once

#include <chrono>
#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/family.h"
#include "base/result.h"
#include "base/time.h"

namespace lastack {

// What clients do when the server is gone.
enum class ClientsDo {
  kHold,       // keep their ends open
  kClose,      // close when they have read end of file
  kReconnect,  // close, and connect again until they succeed
};

// What shows that the server serves.
struct Ready {
  enum class Kind {
    kTcp,   // it has accepted a connection
    kHttp,  // it has answered GET `text`
    kLine,  // it has printed `text`, and accepted a connection
  };
  Kind kind = Kind::kTcp;
  std::string text;
};

// "tcp", "http:/path", "line:TEXT".
[[nodiscard]] Result<Ready> ParseReady(const std::string& text);
[[nodiscard]] std::string ToString(const Ready& ready);
[[nodiscard]] std::string_view ToString(ClientsDo clients);

constexpr int kNoSignal = 0;

struct RestartRequest {
  std::vector<std::string> command;
  uint16_t port = 0;
  std::string address;           // that clients connect to; empty: as the server listens
  std::optional<Family> family;  // kV4 or kV6; nothing: as the server listens
  int connections = 100;
  int signal = SIGKILL;     // kNoSignal: it ends by itself
  bool signal_all = false;  // to all of its processes, not just to the main one
  ClientsDo clients = ClientsDo::kHold;
  Ready ready;
  std::string request;  // each client sends it just before the death; empty: idle
  std::string client;   // a shell command, run instead of each of our own clients
  Duration within = std::chrono::seconds(1);
  bool until_served = false;
  Duration ready_within = std::chrono::seconds(10);  // from the first start
  Duration stop_within = std::chrono::seconds(10);   // from the signal
  std::string pidfile;                               // of a server that goes into the background
  std::string user;                                  // empty: this one
};

}  // namespace lastack

// `lastack rebind --port N -- SERVER ARGS…`: how long until somebody's server serves again.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace lastack {

struct ServerRebindArguments {
  std::vector<std::string> command;
  int port = 0;  // 0: not given
  std::string address;
  std::string family;
  std::string connections = "100";
  std::string signal = "KILL";
  bool signal_all = false;
  std::string clients = "hold";
  std::string client;
  std::string ready = "tcp";
  std::string within = "1s";
  bool until_served = false;
  std::string ready_within = "10s";
  std::string stop_within = "10s";
  std::string request;  // a file
  std::string pidfile;
  std::string user;
  std::string evidence;
  std::string json;
};

inline constexpr const char* kServerGroup = "A server of yours, behind --";

// The options that belong to a server of the user's alone, in a group of their own.
void AddServerRebindOptions(CLI::App* app, ServerRebindArguments* arguments);

// The exit code: 0 back in time, 1 not, 2 wrong usage, 3 it could not be measured.
[[nodiscard]] int RunServerRebind(const ServerRebindArguments& arguments, int stop_fd);

}  // namespace lastack

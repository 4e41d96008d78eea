// The two hosts of a measurement: a server's and a client's network, joined directly, without
// agents.
//
// The thread that makes them stays in the server's network until they are destroyed. Errors: as
// testbed/link.h. Threads: one.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/socket_address.h"
#include "rebind/cell.h"
#include "scenario/model.h"
#include "testbed/link.h"

namespace lastack {

struct HostsPlan {
  Listening listening = Listening::kV4;
  int64_t connections = 0;  // how many different clients there will be, about
  bool no_time_wait = false;
};

class MeasuringHosts {
 public:
  [[nodiscard]] static Result<std::unique_ptr<MeasuringHosts>> Make(const HostsPlan& plan);

  // The client's network.
  [[nodiscard]] const Fd& client() const { return client_->descriptor; }
  [[nodiscard]] int client_domain() const;
  [[nodiscard]] int server_domain() const;
  // What the server binds, and what clients connect to.
  [[nodiscard]] SocketAddress Wildcard(uint16_t port) const;
  [[nodiscard]] SocketAddress Server(uint16_t port) const;
  // The address of the clients that probe; none of the population has it, so that they never take
  // over or end a TIME-WAIT of it.
  [[nodiscard]] SocketAddress Probing() const;
  // The nth client of the population: an address and port of its own.
  [[nodiscard]] SocketAddress Client(int64_t number) const;
  [[nodiscard]] const std::map<std::string, std::string>& sysctl() const { return sysctl_; }

 private:
  MeasuringHosts(Scenario scenario, Listening listening)
      : scenario_(std::move(scenario)), listening_(listening) {}
  [[nodiscard]] Status AddClientAddresses(int64_t connections);

  Scenario scenario_;
  Listening listening_;
  std::optional<NetworkVisit> visit_;
  std::optional<Network> server_;
  std::optional<Network> client_;
  std::vector<std::string> addresses_;  // of the population
  std::map<std::string, std::string> sysctl_;
};

// TIME-WAIT and orphaned FIN-WAIT-2 mini-sockets in the calling thread's network.
[[nodiscard]] Result<int64_t> CountTimeWait();
// All other TCP sockets there: listeners, connections, and those in LAST-ACK and the like that
// belong to no process any more.
[[nodiscard]] Result<int64_t> CountSockets();

}  // namespace lastack

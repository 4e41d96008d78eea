// What is there before a server dies: its listener, its connections, the processes that take part.
//
// Threads: one, the one that made the hosts. Errors: kSystem with what could not be done.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "rebind/board.h"
#include "rebind/cell.h"
#include "rebind/child.h"
#include "rebind/hosts.h"

namespace lastack {

// A server's process, and where its successor may ask it for its listener.
struct ServerProcess {
  Child child;
  Fd channel;
  int generation = 0;
};

class Ground {
 public:
  // `cell` and `hosts` outlive it. `program` is lastack-rebind, which strategies with LISTEN_FDS
  // execute. Builds the population; the stream of clients runs when it returns.
  [[nodiscard]] static Result<std::unique_ptr<Ground>> Prepare(const Cell& cell,
                                                               const MeasuringHosts& hosts,
                                                               const std::string& program,
                                                               uint16_t port);
  ~Ground();
  Ground(const Ground&) = delete;
  Ground& operator=(const Ground&) = delete;
  Ground(Ground&&) = delete;
  Ground& operator=(Ground&&) = delete;

  // Forks the process that serves with the listener `from`, or executes it with LISTEN_FDS.
  [[nodiscard]] Result<ServerProcess> StartServer(int from);
  // Starts systemd-socket-activate, which listens itself.
  [[nodiscard]] Result<ServerProcess> StartTool();
  // Starts the process that stands by to succeed: takes the listener over, or joins its group.
  // Nothing where the strategy has none.
  [[nodiscard]] Status StartStandBy();

  // Stops the stream at a moment when it has no connection.
  [[nodiscard]] Status PauseStream();
  // Until the stream has been served after this moment; false if it was not in time.
  [[nodiscard]] bool AwaitServed(int64_t since_ns, Duration within) const;

  [[nodiscard]] const Cell& cell() const { return cell_; }
  [[nodiscard]] const Strategy& strategy() const { return strategy_; }
  [[nodiscard]] const MeasuringHosts& hosts() const { return hosts_; }
  [[nodiscard]] uint16_t port() const { return port_; }
  [[nodiscard]] Board* board() const { return board_.get(); }
  [[nodiscard]] int64_t build_ns() const { return build_ns_; }
  // TIME-WAIT mini-sockets that this ground has made.
  [[nodiscard]] Result<int64_t> TimeWaits() const;

  ServerProcess server;    // the one that will die
  ServerProcess stand_by;  // which succeeds it, where it is there before
  Fd listener;             // this process's own copy, where a supervisor keeps one

 private:
  Ground(const Cell& cell, const MeasuringHosts& hosts, SharedBoard board);
  [[nodiscard]] Status StartFirstServer();
  [[nodiscard]] Status BuildTimeWaitHere();
  [[nodiscard]] Status BuildEstablished();
  [[nodiscard]] Status StartStream();
  [[nodiscard]] Status AwaitReady(ServerProcess* process) const;
  [[nodiscard]] std::vector<std::string> ServeWords(int generation) const;

  const Cell& cell_;
  const Strategy& strategy_;
  const MeasuringHosts& hosts_;
  SharedBoard board_;
  std::string program_;
  uint16_t port_ = 0;
  int generation_ = 0;
  int64_t build_ns_ = 0;
  int64_t time_waits_before_ = 0;
  Child holder_;
  Child stream_;
};

}  // namespace lastack

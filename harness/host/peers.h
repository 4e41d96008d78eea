// The peers of this host: started, spoken to, passed sockets between, killed, reaped.
//
// What a peer writes goes to the output at once and in order; its `exit` comes after the last line
// it wrote. Threads: belongs to the agent's thread.
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "host/control.h"
#include "host/ended.h"
#include "host/output.h"
#include "host/peer_message.h"
#include "host/spawn.h"

namespace lastack {

struct PassRequest {
  int64_t id = 0;
  std::string from;
  std::string to;
  int64_t call = 0;     // id of the send_socket call
  std::string request;  // the receive_socket line
};

class Peers {
 public:
  explicit Peers(Output* output) : output_(output) {}

  // Starts a peer; answers request `id` when its hello has arrived, or when it ends before.
  [[nodiscard]] Status Spawn(int64_t id, const std::string& name, const PeerCommand& command);

  // Writes a line to a peer.
  [[nodiscard]] Status Call(const std::string& name, const std::string& line);

  // Hands the socket that the call has sent or will send to another peer; answers the request when
  // that is done.
  void Pass(PassRequest request);

  // Sends a signal ("KILL"); returns CLOCK_MONOTONIC before it was sent.
  [[nodiscard]] Result<int64_t> Signal(const std::string& name, const std::string& signal);

  // The control descriptors, to wait for input.
  void AppendPollFds(std::vector<pollfd>* fds) const;
  // Forwards what the peer behind this descriptor wrote.
  void OnReadable(int fd);
  // A child has ended, perhaps an adopted one.
  void OnEnded(const Ended& ended);
  void KillAll();

 private:
  struct Peer {
    std::string name;
    pid_t pid = -1;
    std::unique_ptr<ControlChannel> control;
    std::optional<int64_t> spawn;   // the request to answer at its hello
    std::map<int64_t, Fd> sockets;  // by send_socket call, until they are passed on
    std::set<int64_t> ended_calls;
  };

  void Read(Peer* peer);
  void OnLine(Peer* peer, const std::string& line);
  void OnHello(Peer* peer, const PeerMessage& message);
  void OnForked(Peer* peer, const PeerMessage& message);
  void Announce(const Ended& ended);
  void TryPasses();
  [[nodiscard]] std::optional<Status> TryPass(const PassRequest& pass);
  [[nodiscard]] Peer* FindByPid(pid_t pid);
  [[nodiscard]] Result<Peer*> FindByName(const std::string& name);

  Output* output_;
  std::map<std::string, std::unique_ptr<Peer>> peers_;  // alive
  std::vector<PassRequest> passes_;                     // waiting for their socket
  std::map<pid_t, Ended> unclaimed_;  // ended before their `forked` event had been read
};

}  // namespace lastack

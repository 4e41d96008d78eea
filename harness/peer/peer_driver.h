// For tests: starts a lastack-peer and speaks its protocol from the host's side.
#pragma once

#include <sys/types.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "peer/control.h"

namespace lastack {

class PeerDriver {
 public:
  // Starts the program beside this one.
  explicit PeerDriver(const std::string& on_term = "default");
  // Takes over a forked peer, from its end of the control connection.
  PeerDriver(Fd control, pid_t pid);
  ~PeerDriver();
  PeerDriver(const PeerDriver&) = delete;
  PeerDriver& operator=(const PeerDriver&) = delete;
  PeerDriver(PeerDriver&&) = delete;
  PeerDriver& operator=(PeerDriver&&) = delete;

  [[nodiscard]] pid_t Pid() const { return pid_; }

  // Sends a request (its id is added) and returns the id.
  int Send(nlohmann::json request, int descriptor = -1);
  // The next event of this id, others being kept; null after five seconds or at end of file.
  nlohmann::json Await(int id, const std::string& event);
  // Send, then the results of `finished`.
  nlohmann::json Call(nlohmann::json request, int descriptor = -1);
  // The endpoint `listener`, on the loopback device: its result.
  nlohmann::json Listen();
  // The endpoints `listener`, `client` and `server`: a connection of the peer with itself.
  void ConnectToItself();
  // Starts accepting `server`; returns the id once it has started.
  int StartAccept();
  // The next line, whatever it is.
  nlohmann::json Next();
  // The descriptor that has come with an event.
  Fd TakeDescriptor() { return control_->TakeDescriptor(); }
  // The peer's wait status, once it has ended; -1 after five seconds.
  int AwaitEnd();

 private:
  std::unique_ptr<Control> control_;
  pid_t pid_ = -1;
  bool child_ = true;  // of this process
  bool ended_ = false;
  int last_id_ = 0;
  std::deque<nlohmann::json> kept_;
};

}  // namespace lastack

// The live connections of a server under test, as its clients hold them while it dies.
//
// Open, SendRequest and Watch on one thread; then a thread of its own serves them until Stop.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "base/socket_address.h"
#include "base/time.h"
#include "restart/facts.h"

namespace lastack {

struct ClientsPlan {
  const Fd* network = nullptr;  // the network namespace they live in; outlives them
  SocketAddress target;
  int count = 0;
  ClientsDo when_over = ClientsDo::kHold;
  // Waits until the server's accept queue has room, or for a while: a SYN that finds it full is
  // dropped, and sent again only after a second.
  std::function<void()> await_room;
};

class Clients {
 public:
  // Connects one after the other; stops at the first that is not connected in time, because the
  // server takes no more. Errors: kSystem when not a single one succeeds.
  [[nodiscard]] static Result<std::unique_ptr<Clients>> Open(const ClientsPlan& plan);
  ~Clients();
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;
  Clients(Clients&&) = delete;
  Clients& operator=(Clients&&) = delete;

  [[nodiscard]] int open() const { return static_cast<int>(clients_.size()); }
  // Sends these bytes on every connection.
  void SendRequest(const std::string& bytes);
  // From now on what the server sends is read and thrown away, and its end is answered as planned.
  [[nodiscard]] Status Watch();
  // Ends the watch; the sockets stay open until destruction.
  [[nodiscard]] ClientsSeen Stop();

 private:
  struct Client {
    Fd socket;
    int64_t over_ns = 0;   // its connection ended then; 0: has not
    int64_t again_ns = 0;  // when to connect again; 0: not waiting for that
    bool connecting = false;
  };

  explicit Clients(ClientsPlan plan) : plan_(std::move(plan)) {}
  void Serve();
  void OnEvent(Client* client);
  void OnConnected(Client* client);
  void OnOver(Client* client, bool reset);
  void ConnectAgain(Client* client);
  void Register(Client* client);

  ClientsPlan plan_;
  std::vector<Client> clients_;
  Fd epoll_;
  Fd wake_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
  ClientsSeen seen_;  // the thread's until it has ended
};

}  // namespace lastack

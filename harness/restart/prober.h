// Watches a server die and come back, on a thread of its own: when its processes are gone, when
// there is a new listener, when a client is served.
//
// It looks at the kernel's listeners, so that no connection attempts stand in the captures before
// there is something to connect to: for a millisecond without a pause, then every 20 µs, after two
// seconds every millisecond. Units: *_ns are CLOCK_MONOTONIC.
#pragma once

#include <atomic>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "restart/client_socket.h"
#include "restart/facts.h"

namespace lastack {

struct ProberPlan {
  const Fd* server_network = nullptr;  // all outlive the prober
  const Fd* client_network = nullptr;
  const std::vector<Fd>* dying = nullptr;  // pidfds; the death is the end of the last one
  ServiceWanted wanted;
  std::set<uint64_t> old_listeners;  // cookies
  int wake_fd = -1;                  // eventfd: written to at the death and when it serves
};

class Prober {
 public:
  explicit Prober(ProberPlan plan) : plan_(std::move(plan)) {}
  ~Prober() { Stop(); }
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;
  Prober(Prober&&) = delete;
  Prober& operator=(Prober&&) = delete;

  void Start();
  // 0 until they are dead.
  [[nodiscard]] int64_t death_ns() const { return death_ns_; }
  [[nodiscard]] bool served() const { return served_; }
  // It is connecting, or connected and waiting to be served: what the end of the server means to it
  // is not known yet.
  [[nodiscard]] bool attempting() const { return attempting_; }
  // The server has printed the line that --ready waits for.
  void LineSeen(int64_t at_ns) { line_ns_ = at_ns; }
  void ForgetLine() { line_ns_ = 0; }

  void Stop();
  // After Stop: how far it got, and what the last attempt failed with.
  [[nodiscard]] const Served& result() const { return result_; }
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  [[nodiscard]] Status Run();
  [[nodiscard]] bool AwaitDeath();
  [[nodiscard]] bool NewListener(PortSockets* server);
  [[nodiscard]] bool AwaitService(PortSockets* server);
  void Pause() const;
  void Wake() const;

  ProberPlan plan_;
  std::thread thread_;
  std::atomic<bool> stop_ = false;
  std::atomic<int64_t> death_ns_ = 0;
  std::atomic<int64_t> line_ns_ = 0;
  std::atomic<bool> served_ = false;
  std::atomic<bool> attempting_ = false;
  Served result_;  // the thread's until it has ended
  std::string problem_;
};

}  // namespace lastack

// A fresh socket that tries to bind and listen on an address, and closes at once: is the port free
// again?
//
// Units: t0_ns and t1_ns are CLOCK_MONOTONIC.
// Threads: each probe runs on a thread of its own, so that a long one does not keep the host from
// its other work.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/family.h"
#include "base/fd.h"
#include "base/result.h"
#include "base/socket_address.h"
#include "base/socket_option.h"
#include "base/time.h"

namespace lastack {

struct RebindRequest {
  int64_t id = 0;
  Family family = Family::kV4;
  SocketAddress address;
  std::vector<SocketOption> options;
  std::string user;       // empty: the host's own
  bool until_ok = false;  // try again until it succeeds or `within` is over
  Duration within{};
};

struct RebindOutcome {
  int error = 0;            // of the last attempt; 0: bound and listened
  std::string failed_call;  // "socket", "setsockopt", "bind" or "listen"
  int64_t t0_ns = 0;        // before the first attempt
  int64_t t1_ns = 0;        // after the last one
  Duration latency{};       // from t0 to the end of the last attempt's listen
  int64_t attempts = 0;
};

// Runs the probe on the calling thread; with `user`, that thread is this user's afterwards.
[[nodiscard]] Result<RebindOutcome> Rebind(const RebindRequest& request);

// The probes under way.
class Rebinds {
 public:
  [[nodiscard]] static Result<Rebinds> Create();
  Rebinds(Rebinds&&) = default;
  Rebinds& operator=(Rebinds&&) = delete;
  Rebinds(const Rebinds&) = delete;
  Rebinds& operator=(const Rebinds&) = delete;
  ~Rebinds();  // waits for the probes

  void Start(const RebindRequest& request);

  // Readable when a probe has ended.
  [[nodiscard]] int fd() const { return shared_->done.get(); }

  // The probes that have ended since, with their request's id.
  [[nodiscard]] std::vector<std::pair<int64_t, Result<RebindOutcome>>> Collect();

 private:
  // What the threads share with the agent's.
  struct Shared {
    Fd done;  // eventfd
    std::mutex mutex;
    std::vector<std::pair<int64_t, Result<RebindOutcome>>> outcomes;  // guarded by mutex
  };

  Rebinds() = default;

  std::unique_ptr<Shared> shared_ = std::make_unique<Shared>();
  std::map<int64_t, std::thread> threads_;  // by request
};

}  // namespace lastack

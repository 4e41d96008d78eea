// What the processes of a measurement tell one another: a page of memory that they share.
//
// Units: times are CLOCK_MONOTONIC, which is the same for all of them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "base/fd.h"
#include "base/result.h"

namespace lastack {

enum class StreamOrder { kRun, kPause, kStop };

// Only lock-free atomics: they work between processes.
struct Board {
  // Servers.
  std::atomic<int64_t> accepted{0};     // connections accepted by the serving process
  std::atomic<int> recording_from{0};   // servers of at least this generation note the next time
  std::atomic<int64_t> accepted_ns{0};  // when the first of them accepted
  std::atomic<int64_t> closed_ns{0};    // when a server that lives on had closed everything
  std::atomic<int> ready{0};            // the generation of the latest server that listens
  std::atomic<int64_t> asked_ns{0};     // when a successor asked for the listener
  std::atomic<int64_t> handed_ns{0};    // when a listener had arrived

  // Clients that hold connections open.
  std::atomic<int64_t> holding{0};

  // The stream of clients.
  std::atomic<StreamOrder> order{StreamOrder::kRun};
  std::atomic<bool> paused{false};
  std::atomic<int64_t> served{0};
  std::atomic<int64_t> attempts{0};
  std::atomic<int64_t> refused{0};
  std::atomic<int64_t> reset{0};
  std::atomic<int64_t> timed_out{0};
  std::atomic<int64_t> last_served_ns{0};
  std::atomic<int64_t> longest_gap_ns{0};
};
static_assert(std::atomic<int64_t>::is_always_lock_free);

// Owns the mapping; children inherit it, and programs they execute map its descriptor again.
class SharedBoard {
 public:
  [[nodiscard]] static Result<SharedBoard> Make();
  [[nodiscard]] static Result<SharedBoard> Map(Fd memory);

  [[nodiscard]] Board* operator->() const { return board_.get(); }
  [[nodiscard]] Board* get() const { return board_.get(); }
  [[nodiscard]] int fd() const { return memory_.get(); }

 private:
  struct Unmap {
    void operator()(Board* board) const;
  };
  SharedBoard(Fd memory, Board* board) : memory_(std::move(memory)), board_(board) {}

  Fd memory_;
  std::unique_ptr<Board, Unmap> board_;
};

}  // namespace lastack

// The -j slots of a suite: a run holds one while it works and none while it waits.
//
// Of several that want one the oldest run gets it, so that runs end in about the order in which
// they began and as few as possible are under way.
//
// Threads: all members may be called from any thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <set>

namespace lastack {

class Slots {
 public:
  explicit Slots(int count) : free_(count) {}

  // The next run's number: the smaller, the older.
  [[nodiscard]] int64_t NewRun();
  void Acquire(int64_t run);
  void Release();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int free_;
  int64_t runs_ = 0;
  std::set<int64_t> waiting_;
};

// One run's hold on a slot; released on destruction.
class SlotHold {
 public:
  explicit SlotHold(Slots* slots) : slots_(slots), run_(slots->NewRun()) { slots_->Acquire(run_); }
  ~SlotHold() { Release(); }
  SlotHold(const SlotHold&) = delete;
  SlotHold& operator=(const SlotHold&) = delete;
  SlotHold(SlotHold&&) = delete;
  SlotHold& operator=(SlotHold&&) = delete;

  void Acquire();
  void Release();
  [[nodiscard]] bool held() const { return held_; }

 private:
  Slots* slots_;
  int64_t run_;
  bool held_ = true;
};

}  // namespace lastack

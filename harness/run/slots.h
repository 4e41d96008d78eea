// The -j slots of a suite: a run holds one while it works and none while it waits.
//
// Threads: all members may be called from any thread.
#pragma once

#include <condition_variable>
#include <mutex>

namespace lastack {

class Slots {
 public:
  explicit Slots(int count) : free_(count) {}

  void Acquire();
  void Release();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int free_;
};

// One run's hold on a slot; released on destruction.
class SlotHold {
 public:
  explicit SlotHold(Slots* slots) : slots_(slots) { slots_->Acquire(); }
  ~SlotHold() { Release(); }
  SlotHold(const SlotHold&) = delete;
  SlotHold& operator=(const SlotHold&) = delete;
  SlotHold(SlotHold&&) = delete;
  SlotHold& operator=(SlotHold&&) = delete;

  void Acquire();
  void Release();

 private:
  Slots* slots_;
  bool held_ = true;
};

}  // namespace lastack

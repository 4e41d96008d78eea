#include "run/slots.h"

namespace lastack {

int64_t Slots::NewRun() {
  const std::lock_guard lock(mutex_);
  return runs_++;
}

void Slots::Acquire(int64_t run) {
  std::unique_lock lock(mutex_);
  waiting_.insert(run);
  changed_.wait(lock, [&] { return free_ > 0 && *waiting_.begin() == run; });
  waiting_.erase(run);
  --free_;
  changed_.notify_all();  // with more slots than one the next in line may go on, too
}

void Slots::Release() {
  {
    const std::lock_guard lock(mutex_);
    ++free_;
  }
  changed_.notify_all();
}

void SlotHold::Acquire() {
  if (!held_) {
    slots_->Acquire(run_);
    held_ = true;
  }
}

void SlotHold::Release() {
  if (held_) {
    slots_->Release();
    held_ = false;
  }
}

}  // namespace lastack

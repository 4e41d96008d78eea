#include "run/slots.h"

namespace lastack {

void Slots::Acquire() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return free_ > 0; });
  --free_;
}

void Slots::Release() {
  {
    const std::lock_guard lock(mutex_);
    ++free_;
  }
  changed_.notify_one();
}

void SlotHold::Acquire() {
  if (!held_) {
    slots_->Acquire();
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

// How the kernel is watched in `lastack run`: by --witness, by what the machine permits, and by
// whether it is worth the time.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/result.h"
#include "observe/bpf/kernel_trace.h"

namespace lastack {

struct KernelWitness {
  std::unique_ptr<KernelTrace> trace;  // null: sock_diag alone
  std::string untraced;                // why, then
};

// `witness` is auto, diag or bpf. Fails only where bpf was asked for and cannot be had.
[[nodiscard]] Result<KernelWitness> ChooseKernelWitness(const std::string& witness, size_t runs);

}  // namespace lastack

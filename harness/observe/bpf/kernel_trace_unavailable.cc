// Stands for kernel_trace.cc where this was built without libbpf, clang or bpftool.
#include "observe/bpf/kernel_trace.h"

namespace lastack {

Result<NetnsId> NetnsIdOf(int /*netns_fd*/) {
  return NetnsId{};
}

Result<std::unique_ptr<KernelTrace>> KernelTrace::Load() {
  return Fail(ErrorKind::kUnsupported,
              "this lastack was built without BPF",
              "install libbpf-dev, clang and bpftool, and build again");
}

}  // namespace lastack

// The kernel witness that misses nothing: every TCP state change, mini-socket timer, RST and
// retransmission of the watched network namespaces, through BPF.
//
// One load serves a whole suite. Events are filtered by namespace in the kernel; what did not fit
// into the ring is counted for each namespace.
// Errors: Load is kPermission without CAP_BPF and CAP_PERFMON, kUnsupported without BTF, ring
// buffers (Linux 5.8) or where this program was built without libbpf; the hint says what to do.
// Threads: any; a thread of its own empties the ring. Sources: trace.bpf.c.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "record/event.h"

namespace lastack {

// A network namespace as the kernel numbers it: the inode of its descriptor.
using NetnsId = uint32_t;
[[nodiscard]] Result<NetnsId> NetnsIdOf(int netns_fd);

struct TracedEvent {
  int64_t t_ns = 0;  // CLOCK_MONOTONIC
  KernelTraced data;
  // The process in whose call it happened; 0: it happened in an interrupt, or nobody knows.
  int pid = 0;
  std::string comm;
};

struct Traced {
  std::vector<TracedEvent> events;  // in the order in which they happened
  int64_t lost = 0;                 // that did not fit into the ring
  // Times that a program that nothing stands in for could not run, whatever the namespace.
  int64_t missed = 0;
};

class KernelTrace {
 public:
  // Some 30 ms: the kernel's type information is read.
  [[nodiscard]] static Result<std::unique_ptr<KernelTrace>> Load();
  virtual ~KernelTrace() = default;
  KernelTrace(const KernelTrace&) = delete;
  KernelTrace& operator=(const KernelTrace&) = delete;
  KernelTrace(KernelTrace&&) = delete;
  KernelTrace& operator=(KernelTrace&&) = delete;

  // From now on the events of this namespace are kept until they are taken.
  [[nodiscard]] virtual Status Watch(NetnsId netns) = 0;
  // All that has happened in it since the last time.
  [[nodiscard]] virtual Traced Take(NetnsId netns) = 0;
  // Nothing more is kept of it.
  virtual void Forget(NetnsId netns) = 0;

  // What this kernel's tracepoints cannot show; empty: nothing.
  [[nodiscard]] virtual const std::vector<std::string>& blind_spots() const = 0;

 protected:
  KernelTrace() = default;
};

}  // namespace lastack

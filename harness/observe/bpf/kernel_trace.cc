#include "observe/bpf/kernel_trace.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "base/fd.h"
#include "base/time.h"
#include "observe/bpf/decode.h"
#include "observe/bpf/trace.skel.h"
#include "observe/bpf/trace_event.h"
#include "observe/bpf/tracepoints.h"

namespace lastack {
namespace {

struct SkeletonCloser {
  void operator()(trace_bpf* skeleton) const { trace_bpf__destroy(skeleton); }
};
using Skeleton = std::unique_ptr<trace_bpf, SkeletonCloser>;

struct RingCloser {
  void operator()(ring_buffer* ring) const { ring_buffer__free(ring); }
};
using Ring = std::unique_ptr<ring_buffer, RingCloser>;

struct TypesCloser {
  void operator()(btf* types) const { btf__free(types); }
};
using Types = std::unique_ptr<btf, TypesCloser>;

// The period of the kernel's timers: that of its coarse clock.
Duration Tick() {
  timespec resolution{};
  clock_getres(CLOCK_MONOTONIC_COARSE, &resolution);
  return std::chrono::seconds(resolution.tv_sec) + Duration(resolution.tv_nsec);
}

Error LoadError(int errno_value) {
  Error error = SystemError("cannot load the BPF programs", errno_value);
  error.hint = error.kind == ErrorKind::kPermission
                   ? "run as root, outside a container without CAP_BPF and CAP_PERFMON"
                   : "see lastack doctor; --witness diag does without";
  return error;
}

// Opens and loads the programs, save for those that the kernel cannot run.
Result<Skeleton> LoadWithout(const std::vector<TracepointNeed>& unmet) {
  Skeleton skeleton(trace_bpf__open());
  if (!skeleton) {
    return Fail(LoadError(errno));
  }
  for (const TracepointNeed& need : unmet) {
    for (const std::string_view name : need.programs) {
      bpf_program* program =
          bpf_object__find_program_by_name(skeleton->obj, std::string(name).c_str());
      bpf_program__set_autoload(program, false);
    }
  }
  if (const int error = trace_bpf__load(skeleton.get()); error != 0) {
    return Fail(LoadError(-error));
  }
  if (const int error = trace_bpf__attach(skeleton.get()); error != 0) {
    return Fail(LoadError(-error));
  }
  return skeleton;
}

class LoadedTrace : public KernelTrace {
 public:
  LoadedTrace(Skeleton skeleton, std::vector<std::string> blind_spots)
      : skeleton_(std::move(skeleton)), blind_spots_(std::move(blind_spots)), tick_(Tick()) {}
  ~LoadedTrace() override {
    const uint64_t one = 1;
    static_cast<void>(write(stop_.get(), &one, sizeof one));
    if (reader_.joinable()) {
      reader_.join();
    }
  }
  LoadedTrace(const LoadedTrace&) = delete;
  LoadedTrace& operator=(const LoadedTrace&) = delete;
  LoadedTrace(LoadedTrace&&) = delete;
  LoadedTrace& operator=(LoadedTrace&&) = delete;

  Status Start() {
    ring_.reset(ring_buffer__new(
        bpf_map__fd(skeleton_->maps.ring),
        [](void* self, void* data, size_t /*size*/) {
          static_cast<LoadedTrace*>(self)->Keep(*static_cast<const lastack_trace_event*>(data));
          return 0;
        },
        this,
        nullptr));
    stop_ = Fd(eventfd(0, EFD_CLOEXEC));
    if (!ring_ || !stop_.valid()) {
      return Fail(LoadError(errno));
    }
    reader_ = std::thread([this] { ReadUntilStopped(); });
    return {};
  }

  Status Watch(NetnsId netns) override {
    const std::lock_guard guard(mutex_);
    const lastack_trace_counts none{};
    if (bpf_map_update_elem(Namespaces(), &netns, &none, BPF_ANY) != 0) {
      return FailErrno("cannot watch a network namespace");
    }
    kept_[netns] = {.missed_before = Missed()};
    return {};
  }

  Traced Take(NetnsId netns) override {
    const std::lock_guard guard(mutex_);
    const auto found = kept_.find(netns);
    if (found == kept_.end()) {
      return {};
    }
    Kept& kept = found->second;
    lastack_trace_counts counts{};
    // A program on another CPU may not be done with the event that it has counted.
    const Deadline deadline(std::chrono::seconds(1));
    do {
      ring_buffer__consume(ring_.get());
      bpf_map_lookup_elem(Namespaces(), &netns, &counts);
    } while (kept.read + counts.lost < counts.happened && !deadline.Expired());
    Traced taken{.events = {},
                 .lost = static_cast<int64_t>(counts.happened - kept.read),
                 .missed = Missed() - kept.missed_before};
    taken.events.reserve(kept.raw.size());
    for (const lastack_trace_event& raw : kept.raw) {
      taken.events.push_back(Decode(raw, Reasons(raw), tick_));
    }
    kept.raw = {};
    return taken;
  }

  void Forget(NetnsId netns) override {
    const std::lock_guard guard(mutex_);
    bpf_map_delete_elem(Namespaces(), &netns);
    kept_.erase(netns);
  }

  [[nodiscard]] const std::vector<std::string>& blind_spots() const override {
    return blind_spots_;
  }

 private:
  struct Kept {
    std::vector<lastack_trace_event> raw;
    uint64_t read = 0;
    int64_t missed_before = 0;
  };

  [[nodiscard]] int Namespaces() const { return bpf_map__fd(skeleton_->maps.namespaces); }

  void Keep(const lastack_trace_event& event) {
    if (const auto found = kept_.find(event.netns); found != kept_.end()) {
      found->second.raw.push_back(event);
      ++found->second.read;
    }
  }

  void ReadUntilStopped() {
    std::array<pollfd, 2> fds = {
        {{ring_buffer__epoll_fd(ring_.get()), POLLIN, 0}, {stop_.get(), POLLIN, 0}}};
    while (poll(fds.data(), fds.size(), -1) >= 0 || errno == EINTR) {
      if (fds[1].revents != 0) {
        return;
      }
      const std::lock_guard guard(mutex_);
      ring_buffer__consume(ring_.get());
    }
  }

  // A program that is interrupted on a CPU is not run there again; of a pair, the other one is.
  [[nodiscard]] int64_t Missed() const {
    int64_t missed = 0;
    for (const TracepointNeed& need : TracepointNeeds()) {
      if (need.programs.size() == 1) {
        missed += MissesOf(std::string(need.programs.front()));
      }
    }
    return missed;
  }

  [[nodiscard]] int64_t MissesOf(const std::string& name) const {
    const bpf_program* program = bpf_object__find_program_by_name(skeleton_->obj, name.c_str());
    bpf_prog_info info{};
    uint32_t size = sizeof info;
    const int fd = bpf_program__fd(program);
    const bool known = fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0;
    return known ? static_cast<int64_t>(info.recursion_misses) : 0;
  }

  // Read with the first RST, because it takes as long as all the rest.
  const std::vector<std::string>& Reasons(const lastack_trace_event& event) {
    if (event.kind == LASTACK_TRACE_RST_SENT && reasons_.empty()) {
      const Types types(btf__load_vmlinux_btf());
      reasons_ = types ? RstReasonNames(types.get()) : std::vector<std::string>{""};
    }
    return reasons_;
  }

  Skeleton skeleton_;
  std::vector<std::string> blind_spots_;
  Duration tick_;
  Ring ring_;
  Fd stop_;
  std::thread reader_;
  std::mutex mutex_;  // guards what follows, and the ring
  std::map<NetnsId, Kept> kept_;
  std::vector<std::string> reasons_;
};

}  // namespace

Result<NetnsId> NetnsIdOf(int netns_fd) {
  struct stat status {};
  if (fstat(netns_fd, &status) != 0) {
    return FailErrno("cannot tell a network namespace");
  }
  return static_cast<NetnsId>(status.st_ino);
}

// All programs at once; only where that fails is it worth the time to see which the kernel lacks.
Result<std::unique_ptr<KernelTrace>> KernelTrace::Load() {
  libbpf_set_print(nullptr);
  std::vector<std::string> blind_spots;
  Result<Skeleton> skeleton = LoadWithout({});
  if (!skeleton && skeleton.error().kind != ErrorKind::kPermission) {
    const Types types(btf__load_vmlinux_btf());
    if (!types) {
      return Fail(ErrorKind::kUnsupported,
                  "the kernel does not describe its types (/sys/kernel/btf/vmlinux)",
                  "it needs CONFIG_DEBUG_INFO_BTF");
    }
    const std::vector<TracepointNeed> unmet = UnmetNeeds(types.get());
    for (const TracepointNeed& need : unmet) {
      blind_spots.emplace_back(need.blind_spot);
    }
    skeleton = LoadWithout(unmet);
  }
  if (!skeleton) {
    return Fail(skeleton.error());
  }
  auto trace = std::make_unique<LoadedTrace>(std::move(*skeleton), std::move(blind_spots));
  if (Status started = trace->Start(); !started) {
    return Fail(started.error());
  }
  return trace;
}

}  // namespace lastack

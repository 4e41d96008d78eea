#include "run/suite.h"

#include <poll.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "run/probe.h"
#include "testbed/capability.h"

namespace lastack {
namespace {

// Runs that wait hold no slot, so many can be under way; each has a thread and two hosts.
constexpr size_t kMostUnderWay = 96;

bool IsSlow(const Variant& variant) {
  const auto& labels = variant.scenario.labels;
  return std::find(labels.begin(), labels.end(), "slow") != labels.end();
}

bool IsReadable(int fd) {
  pollfd poll_fd{fd, POLLIN, 0};
  return fd >= 0 && poll(&poll_fd, 1, 0) > 0;
}

// One run that has to be made: which variant, which repetition, where its result goes.
struct Job {
  const Variant* variant = nullptr;
  int repetition = 0;  // from 1; 0: not repeated
  size_t index = 0;
};

class Suite {
 public:
  Suite(const SuiteOptions& options, const std::vector<Reporter*>& reporters)
      : options_(options), reporters_(reporters), slots_(options.slots) {
    if (options.fail_fast ||
        options.until_fail) {  // nothing may begin that a failure would prevent
      most_under_way_ = static_cast<size_t>(options.slots);
    }
  }

  // Starts the runs; those that wait for something go on while the next are started. Returns
  // whether there may be more.
  [[nodiscard]] bool Start(const std::vector<Job>& jobs) {
    return std::ranges::all_of(jobs, [&](const Job& job) {
      const bool go_on = !stop_ && !IsReadable(options_.run.stop_fd);
      if (go_on) {
        Start(job);
      }
      return go_on;
    });
  }

  void WaitForAll() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return under_way_ == 0; });
    for (std::thread& thread : done_threads_) {
      thread.join();
    }
    done_threads_.clear();
  }

  std::vector<RunResult> TakeResults() {
    std::vector<RunResult> results;
    for (auto& [index, result] : results_) {
      results.push_back(std::move(result));
    }
    return results;
  }

 private:
  void Start(const Job& job) {
    if (const Capability* missing = FindMissing(job.variant->scenario)) {
      RunResult skipped{.id = Id(job),
                        .file = job.variant->scenario.file,
                        .place = job.variant->scenario.place,
                        .verdict = Verdict::kSkip,
                        .headline = "needs " + missing->name + ": " + missing->why,
                        .hint = missing->hint};
      skipped.judgement.verdict = Verdict::kSkip;
      Finish(job, std::move(skipped));
      return;
    }
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return under_way_ < most_under_way_ || stop_; });
    if (stop_) {
      return;
    }
    for (std::thread& thread : done_threads_) {
      thread.join();
    }
    done_threads_.clear();
    ++under_way_;
    lock.unlock();
    // The slot is taken here, so that runs begin in the order of selection.
    auto slot = std::make_unique<SlotHold>(&slots_);
    lock.lock();
    threads_.emplace_back([this, job, slot = std::move(slot)]() mutable {
      RunOptions run = options_.run;
      run.repetition = job.repetition == 0 ? "" : std::to_string(job.repetition);
      RunResult result = RunVariant(*job.variant, run, slot.get());
      slot.reset();
      Finish(job, std::move(result));
      const std::lock_guard guard(mutex_);
      const auto self = std::find_if(threads_.begin(), threads_.end(), [](const std::thread& t) {
        return t.get_id() == std::this_thread::get_id();
      });
      done_threads_.push_back(std::move(*self));
      threads_.erase(self);
      --under_way_;
      changed_.notify_all();
    });
  }

  // Probes only when a scenario needs something: it costs some milliseconds.
  [[nodiscard]] const Capability* FindMissing(const Scenario& scenario) {
    if (!scenario.needs.empty() && capabilities_.empty()) {
      for (const Capability& capability : ProbeCapabilities()) {
        capabilities_[capability.name] = capability;
      }
    }
    for (const std::string& need : scenario.needs) {
      const auto found = capabilities_.find(need);
      if (found != capabilities_.end() && !found->second.available) {
        return &found->second;
      }
    }
    return nullptr;
  }

  static std::string Id(const Job& job) {
    return job.variant->scenario.id +
           (job.repetition == 0 ? "" : "#" + std::to_string(job.repetition));
  }

  void Finish(const Job& job, RunResult result) {
    const std::lock_guard guard(report_mutex_);
    const bool fine = result.verdict == Verdict::kPass || result.verdict == Verdict::kSkip;
    if (!fine && (options_.fail_fast || options_.until_fail)) {
      stop_ = true;
    }
    for (Reporter* reporter : reporters_) {
      reporter->Finished(result);
    }
    results_[job.index] = std::move(result);
  }

  const SuiteOptions& options_;
  size_t most_under_way_ = kMostUnderWay;
  const std::vector<Reporter*>& reporters_;
  Slots slots_;
  std::map<std::string, Capability> capabilities_;
  std::atomic<bool> stop_ = false;
  std::mutex report_mutex_;
  std::map<size_t, RunResult> results_;
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t under_way_ = 0;
  std::vector<std::thread> threads_;
  std::vector<std::thread> done_threads_;
};

}  // namespace

std::vector<RunResult> RunSuite(const std::vector<Variant>& variants,
                                const SuiteOptions& options,
                                const std::vector<Reporter*>& reporters) {
  const OvershootProbe probe;
  Suite suite(options, reporters);
  const bool endless = options.until_fail && options.repeat == 0;
  const bool repeated = endless || options.repeat > 1;
  size_t next_index = 0;
  for (int round = 1; endless || round <= options.repeat; ++round) {
    std::vector<Job> jobs;
    for (const Variant& variant : variants) {
      jobs.push_back({&variant, repeated ? round : 0, next_index++});
    }
    // The slow ones first: all wait at the same time, and what is fast runs meanwhile.
    std::stable_partition(
        jobs.begin(), jobs.end(), [](const Job& job) { return IsSlow(*job.variant); });
    if (!suite.Start(jobs)) {
      break;
    }
  }
  suite.WaitForAll();
  return suite.TakeResults();
}

}  // namespace lastack

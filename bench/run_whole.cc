// What a user waits for: `lastack run` as a whole process, from start to exit; time per run and
// peak memory.
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "base/result.h"

namespace lastack {
namespace {

constexpr const char* kScenario = LASTACK_SCENARIOS "/normal/active-close-client.yaml";

// A folder that is gone with this object. Its path is empty if it could not be made.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "lastack-bench.XXXXXX").string();
    if (mkdtemp(name.data()) != nullptr) {
      path_ = name;
    }
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  TemporaryFolder(TemporaryFolder&&) = delete;
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;

  [[nodiscard]] const std::string& Path() const { return path_; }

 private:
  std::string path_;
};

// Runs the program with its output thrown away. Returns its peak memory in KiB, that of the
// processes it waited for included: the largest one counts. Fails if it does not exit with 0.
Result<int64_t> RunProgram(std::vector<std::string> arguments) {
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) {
    argv.push_back(argument.data());
  }
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions{};
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t pid = -1;
  const int spawned = posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (spawned != 0) {
    return Fail(SystemError(fmt::format("cannot run {}", arguments[0]), spawned));
  }
  int status = 0;
  rusage usage{};
  if (wait4(pid, &status, 0, &usage) != pid) {
    return FailErrno("cannot wait for the program");
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return Fail(ErrorKind::kSystem,
                fmt::format("{} did not exit with 0", fmt::join(arguments, " ")));
  }
  return usage.ru_maxrss;
}

// `repeat` runs in one process, one after the other.
void BenchRunWhole(benchmark::State& bench) {
  const TemporaryFolder evidence;
  int64_t peak_kib = 0;
  for ([[maybe_unused]] auto unused : bench) {
    const Result<int64_t> peak = RunProgram({LASTACK_PROGRAM,
                                             "run",
                                             kScenario,
                                             "-j1",
                                             fmt::format("--repeat={}", bench.range(0)),
                                             "--evidence=" + evidence.Path()});
    if (!peak) {
      bench.SkipWithError(peak.error().message.c_str());
      break;
    }
    peak_kib = std::max(peak_kib, *peak);
  }
  const auto runs = static_cast<double>(bench.iterations() * bench.range(0));
  bench.counters["s_per_run"] =
      benchmark::Counter(runs, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  bench.counters["peak_rss_KiB"] = static_cast<double>(peak_kib);
}
BENCHMARK(BenchRunWhole)->Arg(1)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(BenchRunWhole)->Arg(200)->Iterations(1)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace lastack

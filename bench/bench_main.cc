// The main function of every benchmark: says on what the numbers were measured, then runs what was
// asked for.
#include <sys/utsname.h>

#include <ctime>
#include <fstream>
#include <string>
#include <thread>

#include <benchmark/benchmark.h>

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 2;
  }
  utsname names{};
  if (uname(&names) == 0) {
    benchmark::AddCustomContext("kernel", std::string(names.sysname) + " " + names.release);
  }
  timespec tick{};
  if (clock_getres(CLOCK_MONOTONIC_COARSE, &tick) == 0 && tick.tv_nsec > 0) {
    benchmark::AddCustomContext("hz", std::to_string(1'000'000'000 / tick.tv_nsec));
  }
  for (const std::string name : {"net/ipv4/tcp_fin_timeout",
                                 "net/ipv4/tcp_max_tw_buckets",
                                 "net/ipv4/tcp_tw_reuse",
                                 "net/core/somaxconn"}) {
    std::ifstream file("/proc/sys/" + name);
    if (std::string value; std::getline(file, value)) {
      benchmark::AddCustomContext("sysctl " + name, value);
    }
  }
  benchmark::AddCustomContext("cores", std::to_string(std::thread::hardware_concurrency()));
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

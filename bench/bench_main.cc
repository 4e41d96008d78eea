// The main function of every benchmark: says on what the numbers were measured, then runs what was
// asked for.
#include <sys/utsname.h>

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
  benchmark::AddCustomContext("cores", std::to_string(std::thread::hardware_concurrency()));
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

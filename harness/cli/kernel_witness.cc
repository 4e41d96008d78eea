#include "cli/kernel_witness.h"

#include <utility>

namespace lastack {
namespace {

// Loading takes as long as a whole fast run; from here on a suite does not notice it.
constexpr size_t kWorthLoading = 5;

KernelWitness Without(std::string why) {
  return {.trace = nullptr,
          .untraced = std::move(why) +
                      "; states that came and went between two samples, and the "
                      "reason of a RST, were not seen"};
}

}  // namespace

Result<KernelWitness> ChooseKernelWitness(const std::string& witness, size_t runs) {
  const bool asked = witness == "bpf";
  if (witness == "diag") {
    return Without("not traced, as --witness diag asks");
  }
  if (!asked && runs < kWorthLoading) {
    return Without("not traced, to keep a single run fast: --witness bpf does");
  }
  auto trace = KernelTrace::Load();
  if (trace) {
    return KernelWitness{.trace = std::move(*trace), .untraced = {}};
  }
  if (asked) {
    return Fail(trace.error());
  }
  return Without("not traced: " + trace.error().message);
}

}  // namespace lastack

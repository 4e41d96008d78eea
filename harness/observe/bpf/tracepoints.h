// Which programs of trace.bpf.c a kernel can run, by its own type information, and the names it
// gives to the reasons of a RST.
#pragma once

#include <string>
#include <string_view>
#include <vector>

struct btf;

namespace lastack {

// A program, or a pair of which the second stands in for the first, and what the witness cannot see
// without it.
struct TracepointNeed {
  std::vector<std::string_view> programs;
  std::string_view tracepoint;
  int arguments = 0;  // that it reads: so many must be there
  std::string_view blind_spot;
};
[[nodiscard]] const std::vector<TracepointNeed>& TracepointNeeds();

// Those needs that the kernel with these types does not meet.
[[nodiscard]] std::vector<TracepointNeed> UnmetNeeds(const btf* kernel_types);

// "TCP_STATE" for its number in enum sk_rst_reason; empty if the kernel has no such name.
[[nodiscard]] std::vector<std::string> RstReasonNames(const btf* kernel_types);

}  // namespace lastack

// Any bytes as a frame: the parser must stay within them, and what it returns must fit into the
// frame.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "tcp/segment.h"

namespace {

constexpr uint32_t kLargestPayload = 65535 - 20;  // of an IP length field of 16 bits

void Check(bool holds) {
  if (!holds) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto segment = lastack::ParseSegment(data, size);
  if (segment) {
    Check(segment->seg_len <= kLargestPayload);
    Check(segment->seg_wnd <= 0xffff);
    Check(segment->ts_val.has_value() == segment->ts_ecr.has_value());
    Check(segment->flags.syn || (!segment->mss && !segment->wscale));
    Check(!segment->source.address.empty() && !segment->destination.address.empty());
    Check(lastack::SequenceLength(*segment) - segment->seg_len <= 2);
    Check(!ToString(segment->flags).empty());
  }
  return 0;
}

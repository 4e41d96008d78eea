// Choosing the numbers of a segment that is made.
#include "wire/inject.h"

#include <fmt/format.h>

#include "wire/build.h"

namespace lastack {
namespace {

constexpr int64_t kLargestPayload = 1500 - 40 - 20 - 12;  // MTU, IPv6, TCP with timestamps
constexpr int64_t kNsPerTimestamp = 1'000'000;            // Linux's timestamps count milliseconds
constexpr uint32_t kStreamPeriod = 251;  // octet i of a peer's stream is i mod 251 (lastack.peer/1)

FrameEnds EndsFrom(const TrackedSide& from, const TrackedSide& to) {
  return {.source_mac = from.mac,
          .destination_mac = to.mac,
          .source = from.address,
          .destination = to.address};
}

tl::unexpected<Error> NotHeard(const TrackedSide& side, const char* of_what) {
  return Fail(
      ErrorKind::kSystem,
      fmt::format(
          "cannot inject: the relay has not seen {} of {} yet", of_what, ToString(side.address)));
}

// The number that `choice` means in the stream of `side`; `other` may have acknowledged what the
// relay has not seen.
Result<uint32_t> NumberOf(const SequenceChoice& choice,
                          const TrackedSide& side,
                          const TrackedSide& other) {
  if (!choice.next) {
    return side.initial ? Result<uint32_t>(*side.initial + static_cast<uint32_t>(choice.offset))
                        : NotHeard(side, "the SYN");
  }
  const std::optional<uint32_t> next = side.next ? side.next : other.last_ack;
  return next ? Result<uint32_t>(*next + static_cast<uint32_t>(choice.offset))
              : NotHeard(side, "a segment");
}

std::vector<uint8_t> Stream(uint32_t first, int64_t bytes) {
  std::vector<uint8_t> stream;
  stream.reserve(static_cast<size_t>(bytes));
  for (uint32_t i = 0; i < bytes; ++i) {
    stream.push_back(static_cast<uint8_t>((first + i) % kStreamPeriod));
  }
  return stream;
}

Result<MadeFrame> MakeSegment(const TrackedSide& from,
                              const TrackedSide& to,
                              const InjectRequest& request,
                              int64_t now_ns) {
  if (request.bytes < 0 || request.bytes > kLargestPayload) {
    return Fail(ErrorKind::kScenario,
                fmt::format("cannot inject {} bytes in one segment", request.bytes),
                fmt::format("at most {} fit", kLargestPayload));
  }
  const Result<uint32_t> seq = NumberOf(request.seq, from, to);
  const Result<uint32_t> ack =
      request.flags.ack ? NumberOf(request.ack, to, from) : Result<uint32_t>(0);
  if (!seq || !ack) {
    return Fail(seq ? ack.error() : seq.error());
  }
  Segment segment;
  segment.source = from.address;
  segment.destination = to.address;
  segment.seg_seq = *seq;
  segment.seg_ack = *ack;
  segment.seg_wnd = from.window;
  segment.seg_len = static_cast<uint32_t>(request.bytes);
  segment.flags = request.flags;
  // Only where both ends have them, RFC 7323 3.2; whether the other has, its SYN,ACK says.
  if (from.ts_val && (to.ts_val || request.flags.syn)) {
    const int64_t elapsed = (now_ns - from.ts_val_at_ns) / kNsPerTimestamp;
    segment.ts_val = *from.ts_val + static_cast<uint32_t>(elapsed);
    segment.ts_ecr = request.flags.ack ? to.ts_val.value_or(0) : 0;  // RFC 7323 3.2
  }
  const uint32_t first = from.initial ? *seq - *from.initial - 1 : 0;
  return MadeFrame{BuildSegment(EndsFrom(from, to), segment, Stream(first, request.bytes)),
                   segment};
}

Result<MadeFrame> MakeIcmp(const TrackedSide& from,
                           const TrackedSide& to,
                           const std::string& name) {
  if (name != "port-unreachable" && name != "host-unreachable") {
    return Fail(ErrorKind::kScenario,
                fmt::format("there is no ICMP error \"{}\"", name),
                "there are port-unreachable and host-unreachable");
  }
  if (to.last_packet.empty()) {
    return NotHeard(to, "a segment");
  }
  const Unreachable what = name == "port-unreachable" ? Unreachable::kPort : Unreachable::kHost;
  MadeFrame made{.frame = BuildUnreachable(EndsFrom(from, to), what, to.last_packet)};
  made.segment.source = from.address;
  made.segment.destination = to.address;
  return made;
}

}  // namespace

Result<MadeFrame> MakeFrame(const TrackedConnection& connection,
                            const InjectRequest& request,
                            int64_t now_ns) {
  const TrackedSide& from = connection.sides.at(request.from);
  const TrackedSide& to = connection.sides.at(1 - request.from);
  return request.icmp.empty() ? MakeSegment(from, to, request, now_ns)
                              : MakeIcmp(from, to, request.icmp);
}

}  // namespace lastack

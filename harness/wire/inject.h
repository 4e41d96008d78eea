// A segment, or an ICMP error, that no host has sent, made from what the relay knows of a
// connection.
//
// Pure. Units: sequence numbers modulo 2^32, times CLOCK_MONOTONIC.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "scenario/model.h"
#include "tcp/segment.h"
#include "wire/tracked.h"

namespace lastack {

struct InjectRequest {
  size_t from = 0;                        // the host that it claims to be from
  std::optional<AddressPair> connection;  // nothing: the one that began last
  Flags flags;
  SequenceChoice seq;
  SequenceChoice ack;  // counts with flags.ack
  int64_t bytes = 0;
  std::string icmp;  // instead of a segment: "port-unreachable", "host-unreachable"
};

struct MadeFrame {
  std::vector<uint8_t> frame;
  Segment segment;  // of an ICMP error the addresses only
};

// The segment has the window and the timestamps that its sender would use, and its payload is the
// stream that lastack-peer sends. Errors: kScenario for an unknown ICMP error, or for bytes that do
// not fit into a segment; kSystem if the relay has not heard enough of the connection.
[[nodiscard]] Result<MadeFrame> MakeFrame(const TrackedConnection& connection,
                                          const InjectRequest& request,
                                          int64_t now_ns);

}  // namespace lastack

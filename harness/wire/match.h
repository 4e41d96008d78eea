// Whether a segment that has reached the relay is what a rule's MATCH asks for.
//
// Pure. Counting (`nth`) is left to the rules: a match here is about one segment alone.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "scenario/model.h"
#include "wire/tracked.h"

namespace lastack {

// The two hosts' names; a host's number is its place here.
using HostNames = std::array<std::string, 2>;

[[nodiscard]] Result<size_t> HostNumber(const HostNames& hosts, const std::string& name);

// What the relay remembers of each segment, so that a rule may ask for what came before it.
struct Sighting {
  uint32_t connection = 0;
  uint8_t from = 0;
  uint8_t flags = 0;  // FlagBits
  bool has_bytes = false;
  std::optional<uint32_t> seq;  // from the sender's SYN on
};

[[nodiscard]] Sighting Sight(const Tracker& tracker,
                             size_t connection,
                             size_t from,
                             const Segment& segment);

// A SegmentMatch with its names looked up.
struct Pattern {
  std::optional<size_t> from;
  uint8_t flags = 0;
  bool only = false;
  std::optional<bool> has_bytes;
  std::optional<Range<int64_t>> seq;
  std::string connection;  // empty: any
};

// Errors: kScenario for a host or a flag that does not exist.
[[nodiscard]] Result<Pattern> CompilePattern(const SegmentMatch& match, const HostNames& hosts);

// False for a connection whose addresses the tracker has not been told (yet).
[[nodiscard]] bool Fits(const Pattern& pattern, const Sighting& sighting, const Tracker& tracker);

}  // namespace lastack

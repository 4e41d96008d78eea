// Comparing one segment with one MATCH.
#include "wire/match.h"

#include <fmt/format.h>

namespace lastack {

Result<size_t> HostNumber(const HostNames& hosts, const std::string& name) {
  for (size_t i = 0; i < hosts.size(); ++i) {
    if (hosts.at(i) == name) {
      return i;
    }
  }
  return Fail(ErrorKind::kScenario,
              fmt::format("there is no host \"{}\" at the wire", name),
              fmt::format("its hosts are {} and {}", hosts[0], hosts[1]));
}

Sighting Sight(const Tracker& tracker, size_t connection, size_t from, const Segment& segment) {
  return {.connection = static_cast<uint32_t>(connection),
          .from = static_cast<uint8_t>(from),
          .flags = FlagBits(segment.flags),
          .has_bytes = segment.seg_len > 0,
          .seq = tracker.Relative(connection, from, segment.seg_seq)};
}

Result<Pattern> CompilePattern(const SegmentMatch& match, const HostNames& hosts) {
  Pattern pattern;
  if (!match.from.empty()) {
    const Result<size_t> from = HostNumber(hosts, match.from);
    if (!from) {
      return Fail(from.error());
    }
    pattern.from = *from;
  }
  const std::optional<Flags> flags = ParseFlags(match.flags);
  if (!flags) {
    return Fail(ErrorKind::kScenario, fmt::format("there are no flags \"{}\"", match.flags));
  }
  pattern.flags = FlagBits(*flags);
  pattern.only = match.only;
  pattern.has_bytes = match.has_bytes;
  pattern.seq = match.seq;
  pattern.connection = match.connection;
  return pattern;
}

bool Fits(const Pattern& pattern, const Sighting& sighting, const Tracker& tracker) {
  const unsigned compared = pattern.only ? 0xffU : pattern.flags;
  if ((sighting.flags & compared) != pattern.flags ||
      (pattern.from && *pattern.from != sighting.from) ||
      (pattern.has_bytes && *pattern.has_bytes != sighting.has_bytes)) {
    return false;
  }
  if (pattern.seq && !(sighting.seq && pattern.seq->Contains(*sighting.seq))) {
    return false;
  }
  return pattern.connection.empty() || tracker.IsNamed(pattern.connection, sighting.connection);
}

}  // namespace lastack

#include "judge/segments.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include <fmt/format.h>

#include "base/strings.h"
#include "base/time.h"
#include "judge/app.h"
#include "judge/repetitions.h"
#include "judge/states.h"

namespace lastack {
namespace {

std::set<std::string> FlagSet(const std::string& flags) {
  if (flags.empty()) {
    return {};
  }
  const std::vector<std::string> names = Split(flags, ',');
  return {names.begin(), names.end()};
}

std::set<std::string> FlagSet(const Flags& flags) {
  const std::set<std::string> set = FlagSet(ToString(flags));
  return set == std::set<std::string>{"none"} ? std::set<std::string>{} : set;
}

bool IsPureAck(const Segment& segment) {
  return FlagSet(segment.flags) == std::set<std::string>{"ACK"} && segment.seg_len == 0;
}

bool Includes(const std::set<std::string>& all, const std::set<std::string>& some) {
  return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

// How far each end of a connection has got, to tell a handshake's segments and an ACK that covers
// everything.
struct Progress {
  std::set<SocketAddress> synchronized;  // whose SYN was sent
  std::set<SocketAddress> established;   // to whom the ACK of its SYN has come
  std::map<SocketAddress, uint32_t>
      sent_until;  // sender → the sequence number after its last octet

  // What the relay made nobody has sent: it is neither to be acknowledged nor part of a handshake.
  void Add(const SeenSegment& seen) {
    if (seen.injected) {
      return;
    }
    if (seen.sent) {
      AddSent(seen.segment);
    }
    if (!seen.sent || seen.loopback) {
      AddReceived(seen.segment);
    }
  }

  void AddSent(const Segment& segment) {
    const uint32_t end = segment.seg_seq + SequenceLength(segment);
    const auto known = sent_until.find(segment.source);
    if (known == sent_until.end() || SeqLess(known->second, end)) {
      sent_until[segment.source] = end;
    }
    if (segment.flags.syn) {
      synchronized.insert(segment.source);
    }
  }

  // Without the SYNs of both ends it is the challenge ACK of an earlier connection's end.
  void AddReceived(const Segment& segment) {
    if (segment.flags.ack && !segment.flags.rst && synchronized.size() == 2) {
      established.insert(segment.destination);
    }
  }

  [[nodiscard]] bool CoversEverything(const Segment& ack) const {
    const auto other = sent_until.find(ack.destination);
    return other == sent_until.end() || SeqLessEqual(other->second, ack.seg_ack);
  }
};

// A SYN that an end sends again before it has the ACK of its first one belongs to the handshake.
bool MustBeListed(const Segment& segment, const Progress& progress) {
  return segment.flags.fin || segment.flags.rst ||
         (segment.flags.syn && progress.established.contains(segment.source));
}

Fate FateOf(const SeenSegment& seen) {
  if (seen.injected) {
    return Fate::kInjected;
  }
  return seen.lost ? Fate::kLost : Fate::kArrives;
}

// Without the kernel's word nothing is known against it.
bool ReasonFits(const ExpectedSegment& expected, const SeenSegment& seen) {
  return expected.reasons.empty() || seen.reason.empty() ||
         std::ranges::find(expected.reasons, seen.reason) != expected.reasons.end();
}

bool Fits(const ExpectedSegment& expected,
          const std::string& sender,
          const SeenSegment& seen,
          const Progress& progress) {
  const bool number_fits =
      !expected.seq || (seen.relative_seq && expected.seq->Contains(*seen.relative_seq));
  if (expected.from != sender || expected.fate != FateOf(seen) || !number_fits) {
    return false;
  }
  const std::set<std::string> flags = FlagSet(expected.flags);
  const bool bytes_fit = !expected.bytes || expected.bytes->Contains(seen.segment.seg_len);
  if (flags == std::set<std::string>{"ACK"}) {
    const bool kind = expected.bytes
                          ? !seen.segment.flags.syn && !seen.segment.flags.fin &&
                                !seen.segment.flags.rst && seen.segment.flags.ack
                          : IsPureAck(seen.segment) && progress.CoversEverything(seen.segment);
    return kind && bytes_fit;
  }
  const auto has = FlagSet(seen.segment.flags);
  // A FIN is no RST and the other way round, whatever else is set.
  const bool same_kind =
      has.contains("RST") == flags.contains("RST") && has.contains("SYN") == flags.contains("SYN");
  return same_kind && Includes(has, flags) && bytes_fit && ReasonFits(expected, seen);
}

std::string ToText(Fate fate) {
  switch (fate) {
    case Fate::kArrives:
      return "";
    case Fate::kLost:
      return " lost";
    case Fate::kInjected:
      return " injected";
  }
  return "";
}

std::string ToText(const ExpectedSegment& expected) {
  const std::string bytes =
      expected.bytes ? " with " + ToString(*expected.bytes) + " bytes" : std::string();
  const std::string seq = expected.seq ? " at " + ToString(*expected.seq) : std::string();
  const std::string reason =
      expected.reasons.empty() ? std::string() : " for " + Join(expected.reasons, " or ");
  return expected.from + " " + expected.flags + ToText(expected.fate) + bytes + seq + reason;
}

std::string ToText(const std::string& sender, const SeenSegment& seen) {
  return Describe(sender, seen.segment) + ToText(FateOf(seen)) +
         (seen.reason.empty() ? std::string() : " for " + seen.reason);
}

// Walks one list of expected segments along the segments sent on some connections.
class ListMatcher {
 public:
  ListMatcher(const ExpectedSegments& list, const Delays& delays) : list_(list), delays_(delays) {
    for (const ExpectedSegment& segment : list.segments) {
      for (int i = 0; i < segment.times; ++i) {
        wanted_.push_back(&segment);
      }
    }
  }

  // `sender` is the host that the segment is from, or, of an injected one, claims to be from.
  void Feed(size_t connection, const std::string& sender, const SeenSegment& seen) {
    Progress& progress = progress_[connection];
    if (seen.sent || seen.injected) {
      Match(progress, sender, seen);
    }
    progress.Add(seen);
  }

  [[nodiscard]] std::optional<Finding> Finish() const {
    if (finding_) {
      return finding_;
    }
    if (next_ < wanted_.size()) {
      return Finding{.witness = Witness::kWire,
                     .expected = ToText(*wanted_[next_]),
                     .actual = "no such segment was sent",
                     .place = wanted_[next_]->place};
    }
    return repetition_;
  }

 private:
  void Match(const Progress& progress, const std::string& sender, const SeenSegment& seen) {
    const bool more = next_ < wanted_.size();
    const std::optional<Duration> since = repetitions_.Add(seen);
    if (more && Fits(*wanted_[next_], sender, seen, progress)) {
      ++next_;
      return;
    }
    if (!MustBeListed(seen.segment, progress)) {
      return;
    }
    Finding finding{.witness = Witness::kWire,
                    .expected = more ? ToText(*wanted_[next_]) : "no further SYN, FIN or RST",
                    .actual = ToText(sender, seen),
                    .place = more ? wanted_[next_]->place : list_.place,
                    .packets = {seen.packet},
                    .host = seen.host};
    if (const ProbeRead* probe = since ? StallOver(*since, seen.t_ns, delays_) : nullptr) {
      finding.weight = Verdict::kInconclusive;
      finding.note =
          fmt::format("sent again after {}; {}", FormatDuration(*since), Describe(*probe));
      repetition_ = repetition_ ? repetition_ : finding;
    } else if (!finding_) {
      finding_ = finding;
    }
  }

  const ExpectedSegments& list_;
  const Delays& delays_;
  std::vector<const ExpectedSegment*> wanted_;
  size_t next_ = 0;
  std::map<size_t, Progress> progress_;
  Repetitions repetitions_;
  std::optional<Finding> finding_;
  std::optional<Finding> repetition_;  // that the machine is to blame for
};

using ConnectionSet = std::set<size_t>;

// What either end's capture shows of these connections: sent and received segments, in the order of
// the merged captures.
std::vector<std::pair<size_t, const SeenSegment*>> SeenOn(const Reconstruction& what,
                                                          const ConnectionSet& connections) {
  std::vector<std::pair<size_t, size_t>> order;  // segment, connection
  for (const size_t c : connections) {
    for (const auto& [host, indices] : what.connections[c].segments) {
      for (const size_t i : indices) {
        order.emplace_back(i, c);
      }
    }
  }
  std::sort(order.begin(), order.end());
  std::vector<std::pair<size_t, const SeenSegment*>> seen;
  seen.reserve(order.size());
  for (const auto& [segment, connection] : order) {
    seen.emplace_back(connection, &what.segments[segment]);
  }
  return seen;
}

std::string SenderOf(const Scenario& scenario, const SeenSegment& seen) {
  return seen.sent ? seen.host : OtherHost(scenario, seen.host);
}

std::optional<Finding> CheckList(const Scenario& scenario,
                                 const ExpectedSegments& list,
                                 const Delays& delays,
                                 const Reconstruction& what,
                                 const ConnectionSet& connections) {
  ListMatcher matcher(list, delays);
  for (const auto& [connection, seen] : SeenOn(what, connections)) {
    matcher.Feed(connection, SenderOf(scenario, *seen), *seen);
  }
  return matcher.Finish();
}

ConnectionSet ConnectionsOf(const Reconstruction& what, const std::string& endpoint) {
  ConnectionSet connections;
  for (const EndpointTrace& trace : what.endpoints) {
    if (trace.endpoint.name == endpoint && trace.connection >= 0) {
      connections.insert(static_cast<size_t>(trace.connection));
    }
  }
  return connections;
}

}  // namespace

std::vector<Finding> CheckSegments(const Scenario& scenario,
                                   const Evidence& evidence,
                                   const Reconstruction& what) {
  std::vector<Finding> findings;
  if (!scenario.segments) {
    return findings;
  }
  const Delays delays{2 * scenario.link_delay, Stalls(evidence.events)};
  ConnectionSet rest;
  for (size_t i = 0; i < what.connections.size(); ++i) {
    rest.insert(i);
  }
  const ExpectedSegments* over_all = nullptr;
  for (const ExpectedSegments& list : *scenario.segments) {
    if (list.connection.empty()) {
      over_all = &list;
      continue;
    }
    for (const std::string& name : EndpointsOf(scenario, list.connection)) {
      const ConnectionSet connections = ConnectionsOf(what, name);
      for (const size_t c : connections) {
        rest.erase(c);
      }
      if (auto finding = CheckList(scenario, list, delays, what, connections)) {
        finding->expected = name + ": " + finding->expected;
        findings.push_back(*finding);
      }
    }
  }
  const ExpectedSegments none{.connection = {}, .segments = {}, .place = scenario.place};
  if (auto finding =
          CheckList(scenario, over_all != nullptr ? *over_all : none, delays, what, rest)) {
    findings.push_back(*finding);
  }
  return findings;
}

bool Matches(const SegmentMatch& match, const SeenSegment& seen, const Endpoint* endpoint) {
  const auto wanted = FlagSet(match.flags);
  const auto has = FlagSet(seen.segment.flags);
  const bool flags_fit = match.only ? has == wanted : Includes(has, wanted);
  const bool bytes_fit = !match.has_bytes || *match.has_bytes == (seen.segment.seg_len > 0);
  const bool connection_fits = endpoint == nullptr || IsOf(*endpoint, seen.segment);
  const bool number_fits =
      !match.seq || (seen.relative_seq && match.seq->Contains(*seen.relative_seq));
  return flags_fit && bytes_fit && connection_fits && number_fits;
}

std::string Describe(const std::string& from, const Segment& segment) {
  const std::string ack =
      segment.flags.ack ? fmt::format(" ack={}", segment.seg_ack) : std::string();
  return fmt::format("{}{}{} seq={}{} len={}",
                     from,
                     from.empty() ? "" : " ",
                     ToString(segment.flags),
                     segment.seg_seq,
                     ack,
                     segment.seg_len);
}

}  // namespace lastack

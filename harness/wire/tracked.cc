// Following the numbers of each connection.
#include "wire/tracked.h"

#include <algorithm>

namespace lastack {
namespace {

constexpr size_t kMacBytes = 6;
constexpr size_t kEthernetHeader = 14;
// For ICMP errors: an IP header and a TCP header with all the options that it can have.
constexpr size_t kQuotedBytes = 40 + 60;

bool Fits(const SocketAddress& wanted, const SocketAddress& address) {
  return wanted.address == address.address && (wanted.port == 0 || wanted.port == address.port);
}

bool Fits(const AddressPair& pair, const TrackedConnection& connection) {
  const SocketAddress& first = connection.sides[0].address;
  const SocketAddress& second = connection.sides[1].address;
  return (Fits(pair.a, first) && Fits(pair.b, second)) ||
         (Fits(pair.b, first) && Fits(pair.a, second));
}

// A SYN with another number than before opens another connection; a SYN,ACK with another number
// comes from a host that has forgotten its first one.
bool BeginsAnew(const TrackedSide& sender, const Segment& segment) {
  return segment.flags.syn && !segment.flags.ack && sender.initial &&
         *sender.initial != segment.seg_seq;
}

void TakeNumbers(const Segment& segment, TrackedSide* sender) {
  const uint32_t end = segment.seg_seq + SequenceLength(segment);
  if (segment.flags.syn && sender->initial != segment.seg_seq) {
    sender->initial = segment.seg_seq;
    sender->next = end;
    return;
  }
  // A RST takes its number from the segment that it answers.
  if (!segment.flags.rst && (!sender->next || SeqLess(*sender->next, end))) {
    sender->next = end;
  }
}

void TakeFrame(std::span<const uint8_t> frame, TrackedConnection* connection, size_t from) {
  if (frame.size() < kEthernetHeader) {
    return;
  }
  std::copy_n(frame.begin() + kMacBytes, kMacBytes, connection->sides.at(from).mac.begin());
  std::copy_n(frame.begin(), kMacBytes, connection->sides.at(1 - from).mac.begin());
  const std::span<const uint8_t> packet = frame.subspan(kEthernetHeader);
  const std::span<const uint8_t> quoted = packet.first(std::min(packet.size(), kQuotedBytes));
  connection->sides.at(from).last_packet.assign(quoted.begin(), quoted.end());
}

}  // namespace

size_t Tracker::Take(size_t from,
                     const Segment& segment,
                     std::span<const uint8_t> frame,
                     int64_t now_ns) {
  const Key key = from == 0 ? Key{segment.source, segment.destination}
                            : Key{segment.destination, segment.source};
  const auto found = current_.find(key);
  const bool known =
      found != current_.end() && !BeginsAnew(connections_[found->second].sides.at(from), segment);
  const size_t number = known ? found->second : Begin(key);
  TrackedConnection& connection = connections_[number];
  TrackedSide& sender = connection.sides.at(from);
  TakeNumbers(segment, &sender);
  if (segment.flags.ack) {
    sender.last_ack = segment.seg_ack;
  }
  sender.window = segment.seg_wnd;
  if (segment.ts_val) {
    sender.ts_val = segment.ts_val;
    sender.ts_val_at_ns = now_ns;
  }
  TakeFrame(frame, &connection, from);
  return number;
}

size_t Tracker::Begin(const Key& key) {
  const size_t number = connections_.size();
  TrackedConnection& connection = connections_.emplace_back();
  connection.sides[0].address = key.first;
  connection.sides[1].address = key.second;
  current_[key] = number;
  for (auto& [name, named] : named_) {
    if (Fits(named.pair, connection)) {
      named.latest = number;
    }
  }
  return number;
}

std::optional<uint32_t> Tracker::Relative(size_t connection, size_t from, uint32_t seg_seq) const {
  const std::optional<uint32_t>& initial = connections_[connection].sides.at(from).initial;
  return initial ? std::optional(seg_seq - *initial) : std::nullopt;
}

std::optional<size_t> Tracker::Latest() const {
  return connections_.empty() ? std::nullopt : std::optional(connections_.size() - 1);
}

std::optional<size_t> Tracker::Latest(const AddressPair& pair) const {
  for (size_t i = connections_.size(); i > 0; --i) {
    if (Fits(pair, connections_[i - 1])) {
      return i - 1;
    }
  }
  return std::nullopt;
}

void Tracker::Name(const std::string& name, AddressPair pair) {
  const std::optional<size_t> latest = Latest(pair);
  named_[name] = {std::move(pair), latest};
}

bool Tracker::IsNamed(const std::string& name, size_t connection) const {
  const auto found = named_.find(name);
  if (found == named_.end()) {
    return false;
  }
  const AddressPair& pair = found->second.pair;
  const bool one_of_many = pair.a.port == 0 || pair.b.port == 0;
  return one_of_many ? found->second.latest == connection : Fits(pair, connections_[connection]);
}

}  // namespace lastack

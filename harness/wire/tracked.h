// What the relay knows of each connection from the segments that have reached it.
//
// Units: times are CLOCK_MONOTONIC; sequence numbers modulo 2^32. Hosts are counted 0 and 1. A host
// is heard, not asked: numbers of segments that the relay dropped or holds count, too. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/mac_address.h"
#include "base/socket_address.h"
#include "tcp/segment.h"

namespace lastack {

// The addresses of a connection's two endpoints, in any order; port 0 is any port.
struct AddressPair {
  SocketAddress a;
  SocketAddress b;
};

// One end of a connection.
struct TrackedSide {
  SocketAddress address;
  MacAddress mac{};
  std::optional<uint32_t> initial;   // the sequence number of its SYN
  std::optional<uint32_t> next;      // what follows the highest octet that it has sent
  std::optional<uint32_t> last_ack;  // of its latest segment that had one
  uint32_t window = 0;               // likewise; as in the header
  std::optional<uint32_t> ts_val;    // its latest timestamp (RFC 7323), and when it came
  int64_t ts_val_at_ns = 0;
  std::vector<uint8_t> last_packet;  // the beginning of its latest segment, from the IP header on
};

// One connection, from its SYN on. A reused pair of addresses is another one.
struct TrackedConnection {
  std::array<TrackedSide, 2> sides;  // by host
};

class Tracker {
 public:
  // Takes a segment that host `from` has sent, and its Ethernet frame. Returns the connection's
  // number: how many were there before it.
  size_t Take(size_t from, const Segment& segment, std::span<const uint8_t> frame, int64_t now_ns);

  [[nodiscard]] const TrackedConnection& At(size_t connection) const {
    return connections_[connection];
  }
  // The segment's sequence number counted from the sender's SYN, which is 0; nothing if the relay
  // has not heard of the sender's SYN.
  [[nodiscard]] std::optional<uint32_t> Relative(size_t connection,
                                                 size_t from,
                                                 uint32_t seg_seq) const;
  // The connection that began last: of all, or of those between these addresses.
  [[nodiscard]] std::optional<size_t> Latest() const;
  [[nodiscard]] std::optional<size_t> Latest(const AddressPair& pair) const;

  // Gives a name to the connections between these addresses; if a port is any, to the one of them
  // that began last.
  void Name(const std::string& name, AddressPair pair);
  [[nodiscard]] bool IsNamed(const std::string& name, size_t connection) const;

 private:
  struct Named {
    AddressPair pair;
    std::optional<size_t> latest;
  };
  using Key = std::pair<SocketAddress, SocketAddress>;  // of host 0, of host 1

  size_t Begin(const Key& key);

  std::vector<TrackedConnection> connections_;
  std::map<Key, size_t> current_;  // the latest connection between two addresses
  std::map<std::string, Named> named_;
};

}  // namespace lastack

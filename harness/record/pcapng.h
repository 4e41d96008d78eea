// pcapng, written and read: one file per host, nanoseconds, with comments, names, direction flags
// and packet ids.
//
// Source: the pcapng specification (draft-ietf-opsawg-pcapng). libpcap cannot write comments.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "record/evidence.h"

namespace lastack {

struct PcapngHeader {
  std::vector<std::string> comments;  // of the section: scenario, verdict, first difference
  std::string application;            // "lastack 0.1.0"
  std::string os;                     // "Linux 6.18.44"
  std::vector<std::pair<std::string, std::string>>
      names;                      // address → host name (Name Resolution Block)
  std::vector<uint64_t> dropped;  // per interface, for the Interface Statistics Block
  uint32_t snaplen = 0;
};

// The whole file: Section Header, Interface Descriptions (name, description, if_tsresol 9,
// Ethernet), Name Resolution, an Enhanced Packet per frame (epb_flags direction, epb_packetid =
// `first_packet_id` + index, opt_comment for each of its comments), Interface Statistics.
[[nodiscard]] std::string EncodePcapng(const Capture& capture,
                                       const PcapngHeader& header,
                                       uint64_t first_packet_id);

// Reads what EncodePcapng wrote, and files rewritten by editcap or Wireshark: both byte orders, any
// if_tsresol, unknown blocks and options skipped, EPBs with or without flags (without: direction
// kIn). `host` of the result is empty. Errors (truncated block, no section header, a length that
// does not fit) name the offset. Never reads out of bounds.
[[nodiscard]] Result<Capture> DecodePcapng(const uint8_t* data, size_t size);

}  // namespace lastack

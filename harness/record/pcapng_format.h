// The numbers of pcapng that its writer and its reader share.
//
// Source: draft-ietf-opsawg-pcapng, sections 3.5 (options) and 4 (blocks). Every block is: type,
// total length, body, total length again; every body and every option is padded to 32 bits.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lastack::pcapng {

enum BlockType : uint32_t {
  kInterfaceDescription = 1,
  kObsoletePacket = 2,
  kSimplePacket = 3,
  kNameResolution = 4,
  kInterfaceStatistics = 5,
  kEnhancedPacket = 6,
  kSectionHeader = 0x0a0d0d0a,  // a palindrome: the same in both byte orders
};

constexpr uint32_t kByteOrderMagic = 0x1a2b3c4d;
constexpr uint32_t kByteOrderMagicSwapped = 0x4d3c2b1a;

constexpr size_t kBlockOverhead = 12;  // type and both lengths
constexpr size_t kSectionFixed = 16;   // of the body: magic, version, section length
constexpr size_t kInterfaceFixed = 8;  // link type, reserved, snaplen
constexpr size_t kPacketFixed = 20;    // interface, time (high, low), captured and original length
constexpr size_t kOptionHeader = 4;    // code and length
constexpr size_t kMaxOption = 0xffff;  // bytes in one option

constexpr uint16_t kLinkTypeEthernet = 1;

// Option codes; apart from the first two they depend on the block.
constexpr uint16_t kOptionEnd = 0;
constexpr uint16_t kOptionComment = 1;
constexpr uint16_t kSectionOs = 3;
constexpr uint16_t kSectionApplication = 4;
constexpr uint16_t kInterfaceName = 2;
constexpr uint16_t kInterfaceText = 3;
constexpr uint16_t kInterfaceTimeResolution = 9;
constexpr uint16_t kInterfaceTimeOffset = 14;
constexpr uint16_t kPacketFlags = 2;
constexpr uint16_t kPacketId = 5;
constexpr uint16_t kStatisticsReceived = 4;
constexpr uint16_t kStatisticsDropped = 5;

// Records of a Name Resolution Block.
constexpr uint16_t kNameIpv4 = 1;
constexpr uint16_t kNameIpv6 = 2;

// if_tsresol: a power of ten, or with the highest bit a power of two; 6 where the option is absent.
constexpr uint8_t kNanoseconds = 9;
constexpr uint8_t kMicroseconds = 6;
constexpr uint8_t kPowerOfTwo = 0x80;

// epb_flags: the two lowest bits.
constexpr uint32_t kDirectionMask = 3;
constexpr uint32_t kInbound = 1;
constexpr uint32_t kOutbound = 2;

constexpr size_t PaddedTo32Bits(size_t size) {
  return (size + 3) / 4 * 4;
}

}  // namespace lastack::pcapng

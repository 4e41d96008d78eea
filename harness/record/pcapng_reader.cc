// Reads pcapng as lastack, Wireshark and editcap write it.
#include <array>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "record/pcapng.h"
#include "record/pcapng_format.h"

namespace lastack {
namespace {

using namespace pcapng;  // NOLINT(google-build-using-namespace): the format's constants, here only

using Bytes = std::span<const uint8_t>;

constexpr int64_t kNsPerSecond = 1'000'000'000;

// Interfaces and time stamps are per section; so is the byte order.
struct InterfaceClock {
  uint8_t resolution = kMicroseconds;
  int64_t offset_s = 0;
};

struct Option {
  uint16_t code = 0;
  Bytes value;
};

std::string Text(Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}

std::optional<int64_t> DecimalToNanoseconds(uint64_t ticks, int digits) {
  uint64_t factor = 1;
  const int shift = digits > kNanoseconds ? digits - kNanoseconds : kNanoseconds - digits;
  if (shift > std::numeric_limits<uint64_t>::digits10) {
    return 0;  // less than a nanosecond even for the largest count of ticks
  }
  for (int i = 0; i < shift; ++i) {
    factor *= 10;
  }
  if (digits > kNanoseconds) {
    return static_cast<int64_t>(ticks / factor);
  }
  if (ticks > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) / factor) {
    return std::nullopt;
  }
  return static_cast<int64_t>(ticks * factor);
}

std::optional<int64_t> BinaryToNanoseconds(uint64_t ticks, unsigned bits) {
  constexpr unsigned kSafeBits = 34;  // 2^34 · 10^9 is still less than 2^64
  if (bits >= 64) {
    ticks = bits - 63 >= 64 ? 0 : ticks >> (bits - 63);
    bits = 63;
  }
  const uint64_t seconds = ticks >> bits;
  uint64_t fraction = ticks - (seconds << bits);
  if (bits > kSafeBits) {
    fraction >>= bits - kSafeBits;
    bits = kSafeBits;
  }
  if (seconds >= static_cast<uint64_t>(std::numeric_limits<int64_t>::max() / kNsPerSecond)) {
    return std::nullopt;
  }
  return static_cast<int64_t>(seconds * kNsPerSecond + ((fraction * kNsPerSecond) >> bits));
}

// Nothing for a time before 1970 or one that does not fit into 63 bits of nanoseconds.
std::optional<int64_t> ToNanoseconds(uint64_t ticks, const InterfaceClock& clock) {
  const bool binary = (clock.resolution & kPowerOfTwo) != 0;
  const unsigned exponent = clock.resolution & ~unsigned{kPowerOfTwo};
  const std::optional<int64_t> time = binary
                                          ? BinaryToNanoseconds(ticks, exponent)
                                          : DecimalToNanoseconds(ticks, static_cast<int>(exponent));
  int64_t offset_ns = 0;
  int64_t sum = 0;
  if (!time || __builtin_mul_overflow(clock.offset_s, kNsPerSecond, &offset_ns) ||
      __builtin_add_overflow(*time, offset_ns, &sum) || sum < 0) {
    return std::nullopt;
  }
  return sum;
}

class Decoder {
 public:
  explicit Decoder(Bytes file) : file_(file) {}

  Result<Capture> Decode() {
    if (file_.empty()) {
      return Broken("the file is empty");
    }
    while (offset_ < file_.size()) {
      if (const Status read = ReadBlock(); !read) {
        return Fail(read.error());
      }
    }
    return std::move(capture_);
  }

 private:
  [[nodiscard]] tl::unexpected<Error> Broken(const std::string& what) const {
    return Fail(ErrorKind::kSystem, fmt::format("at byte {}: {}", offset_, what));
  }

  // The caller has checked that the number is there.
  template <std::unsigned_integral T>
  [[nodiscard]] T Number(Bytes bytes, size_t at) const {
    T number = 0;
    for (size_t i = 0; i < sizeof(T); ++i) {
      const size_t place = big_endian_ ? sizeof(T) - 1 - i : i;
      number = static_cast<T>(number | (static_cast<T>(bytes[at + i]) << (8 * place)));
    }
    return number;
  }

  // Takes the byte order from a section header before its length can be read.
  Status ReadByteOrder(Bytes rest) {
    if (rest.size() < kBlockOverhead) {
      return Broken("truncated section header");
    }
    big_endian_ = false;
    const auto magic = Number<uint32_t>(rest, 8);
    if (magic != kByteOrderMagic && magic != kByteOrderMagicSwapped) {
      return Broken("no byte-order magic in the section header");
    }
    big_endian_ = magic == kByteOrderMagicSwapped;
    return {};
  }

  Status ReadBlock() {
    const Bytes rest = file_.subspan(offset_);
    if (rest.size() < sizeof(uint32_t)) {
      return Broken("truncated block");
    }
    const auto type = Number<uint32_t>(rest, 0);
    if (type == kSectionHeader) {
      if (Status order = ReadByteOrder(rest); !order) {
        return order;
      }
    } else if (!in_section_) {
      return Broken("no section header: this is not a pcapng file");
    }
    if (rest.size() < kBlockOverhead) {
      return Broken("truncated block");
    }
    const auto length = Number<uint32_t>(rest, 4);
    if (length < kBlockOverhead || length % 4 != 0) {
      return Broken(fmt::format("a block cannot have the length {}", length));
    }
    if (length > rest.size()) {
      return Broken(fmt::format("truncated block: {} of {} bytes", rest.size(), length));
    }
    if (Number<uint32_t>(rest, length - 4) != length) {
      return Broken("the two lengths of the block differ");
    }
    Status read = ReadBody(type, rest.subspan(8, length - kBlockOverhead));
    offset_ += length;
    return read;
  }

  Status ReadBody(uint32_t type, Bytes body) {
    switch (type) {
      case kSectionHeader:
        return ReadSection(body);
      case kInterfaceDescription:
        return ReadInterface(body);
      case kEnhancedPacket:
        return ReadPacket(body);
      case kSimplePacket:
      case kObsoletePacket:
        return Broken("packet blocks of this kind are not read; rewrite the file with editcap");
      default:  // names, statistics, and whatever else the format may hold
        return {};
    }
  }

  Status ReadSection(Bytes body) {
    if (body.size() < kSectionFixed) {
      return Broken("truncated section header");
    }
    const auto major = Number<uint16_t>(body, 4);
    if (major != 1) {
      return Broken(fmt::format("pcapng version {} is unknown", major));
    }
    in_section_ = true;
    first_interface_ = capture_.interfaces.size();
    clocks_.clear();
    return {};
  }

  Status ReadInterface(Bytes body) {
    if (body.size() < kInterfaceFixed) {
      return Broken("truncated interface description");
    }
    const auto link_type = Number<uint16_t>(body, 0);
    if (link_type != kLinkTypeEthernet) {
      return Broken(fmt::format(
          "link type {} is not read, only Ethernet ({})", link_type, kLinkTypeEthernet));
    }
    const Result<std::vector<Option>> options = ReadOptions(body.subspan(kInterfaceFixed));
    if (!options) {
      return Fail(options.error());
    }
    InterfaceClock clock;
    std::string name;
    for (const Option& option : *options) {
      if (option.code == kInterfaceName) {
        name = Text(option.value);
      } else if (option.code == kInterfaceTimeResolution && !option.value.empty()) {
        clock.resolution = option.value[0];
      } else if (option.code == kInterfaceTimeOffset && option.value.size() == sizeof(int64_t)) {
        clock.offset_s = static_cast<int64_t>(Number<uint64_t>(option.value, 0));
      }
    }
    capture_.interfaces.push_back(std::move(name));
    clocks_.push_back(clock);
    return {};
  }

  Status ReadPacket(Bytes body) {
    if (body.size() < kPacketFixed) {
      return Broken("truncated packet");
    }
    const auto interface = Number<uint32_t>(body, 0);
    if (interface >= clocks_.size()) {
      return Broken(fmt::format("packet of interface {}, which is not described", interface));
    }
    const uint64_t ticks = (uint64_t{Number<uint32_t>(body, 4)} << 32U) | Number<uint32_t>(body, 8);
    const std::optional<int64_t> time = ToNanoseconds(ticks, clocks_[interface]);
    if (!time) {
      return Broken("the packet's time is out of range");
    }
    const size_t captured = Number<uint32_t>(body, 12);
    if (PaddedTo32Bits(captured) > body.size() - kPacketFixed) {
      return Broken(fmt::format("the packet's {} bytes do not fit into its block", captured));
    }
    const Bytes data = body.subspan(kPacketFixed, captured);
    Frame frame;
    frame.realtime_ns = *time;
    frame.length = Number<uint32_t>(body, 16);
    frame.interface = static_cast<uint32_t>(first_interface_) + interface;
    frame.data.assign(data.begin(), data.end());
    Status read = ReadPacketOptions(body.subspan(kPacketFixed + PaddedTo32Bits(captured)), &frame);
    capture_.frames.push_back(std::move(frame));
    return read;
  }

  Status ReadPacketOptions(Bytes bytes, Frame* frame) const {
    const Result<std::vector<Option>> options = ReadOptions(bytes);
    if (!options) {
      return Fail(options.error());
    }
    for (const Option& option : *options) {
      if (option.code == kOptionComment) {
        frame->comments.push_back(Text(option.value));
      } else if (option.code == kPacketFlags && option.value.size() == sizeof(uint32_t)) {
        const uint32_t direction = Number<uint32_t>(option.value, 0) & kDirectionMask;
        frame->direction = direction == kOutbound ? Direction::kOut : Direction::kIn;
      }
    }
    return {};
  }

  // The options up to opt_endofopt or the end of the block; both are allowed.
  [[nodiscard]] Result<std::vector<Option>> ReadOptions(Bytes bytes) const {
    std::vector<Option> options;
    while (bytes.size() >= kOptionHeader) {
      const auto code = Number<uint16_t>(bytes, 0);
      const size_t length = Number<uint16_t>(bytes, 2);
      if (code == kOptionEnd) {
        return options;
      }
      const size_t padded = PaddedTo32Bits(length);
      if (padded > bytes.size() - kOptionHeader) {
        return Broken(
            fmt::format("option {} of {} bytes does not fit into its block", code, length));
      }
      options.push_back({code, bytes.subspan(kOptionHeader, length)});
      bytes = bytes.subspan(kOptionHeader + padded);
    }
    return options;
  }

  Bytes file_;
  size_t offset_ = 0;  // of the block that is read
  bool in_section_ = false;
  bool big_endian_ = false;
  size_t first_interface_ = 0;  // of this section, in capture_.interfaces
  std::vector<InterfaceClock> clocks_;
  Capture capture_;
};

}  // namespace

Result<Capture> DecodePcapng(const uint8_t* data, size_t size) {
  return Decoder(Bytes(data, size)).Decode();
}

}  // namespace lastack

// Writes a capture as pcapng, in this machine's byte order.
#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "record/pcapng.h"
#include "record/pcapng_format.h"

namespace lastack {
namespace {

using namespace pcapng;  // NOLINT(google-build-using-namespace): the format's constants, here only

// What fits into one option, not cut within a UTF-8 character.
std::string_view FitOption(std::string_view text) {
  if (text.size() <= kMaxOption) {
    return text;
  }
  size_t size = kMaxOption;
  while (size > 0 && (static_cast<uint8_t>(text[size]) & 0xc0U) == 0x80U) {
    --size;
  }
  return text.substr(0, size);
}

// Collects the body of one block.
class Block {
 public:
  explicit Block(BlockType type) : type_(type) {}

  template <std::integral T>
  Block& Number(T number) {
    const auto bytes = std::bit_cast<std::array<char, sizeof(T)>>(number);
    body_.append(bytes.data(), bytes.size());
    return *this;
  }

  Block& Padded(std::string_view bytes) {
    body_ += bytes;
    body_.resize(PaddedTo32Bits(body_.size()));
    return *this;
  }

  Block& Time(int64_t nanoseconds) {
    const auto ticks = static_cast<uint64_t>(nanoseconds);
    return Number(static_cast<uint32_t>(ticks >> 32U)).Number(static_cast<uint32_t>(ticks));
  }

  Block& Option(uint16_t code, std::string_view value) {
    const std::string_view fitting = FitOption(value);
    has_options_ = true;
    return Number(code).Number(static_cast<uint16_t>(fitting.size())).Padded(fitting);
  }

  template <std::integral T>
  Block& NumberOption(uint16_t code, T number) {
    const auto bytes = std::bit_cast<std::array<char, sizeof(T)>>(number);
    return Option(code, {bytes.data(), bytes.size()});
  }

  // An empty text is no option.
  Block& TextOption(uint16_t code, std::string_view text) {
    return text.empty() ? *this : Option(code, text);
  }

  Block& Comments(const std::vector<std::string>& comments) {
    for (const std::string& comment : comments) {
      TextOption(kOptionComment, comment);
    }
    return *this;
  }

  void AppendTo(std::string* file) {
    if (has_options_) {
      Number(kOptionEnd).Number(uint16_t{0});
    }
    const auto length = static_cast<uint32_t>(body_.size() + kBlockOverhead);
    Block head(type_);
    head.Number(static_cast<uint32_t>(type_)).Number(length);
    Block tail(type_);
    tail.Number(length);
    *file += head.body_ + body_ + tail.body_;
  }

 private:
  BlockType type_;
  bool has_options_ = false;
  std::string body_;
};

void AppendSection(const PcapngHeader& header, std::string* file) {
  Block(kSectionHeader)
      .Number(kByteOrderMagic)
      .Number(uint16_t{1})  // version 1.0
      .Number(uint16_t{0})
      .Number(int64_t{-1})  // section length: not said
      .Comments(header.comments)
      .TextOption(kSectionOs, header.os)
      .TextOption(kSectionApplication, header.application)
      .AppendTo(file);
}

void AppendInterface(const Capture& capture,
                     const std::string& name,
                     uint32_t snaplen,
                     std::string* file) {
  Block(kInterfaceDescription)
      .Number(kLinkTypeEthernet)
      .Number(uint16_t{0})
      .Number(snaplen)
      .TextOption(kInterfaceName, name)
      .TextOption(kInterfaceText, name + " of " + capture.host)
      .NumberOption(kInterfaceTimeResolution, kNanoseconds)
      .AppendTo(file);
}

// The address in network byte order; empty if it is none.
std::string AddressBytes(const std::string& text) {
  std::array<char, sizeof(in6_addr)> bytes{};
  if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) {
    return {bytes.data(), sizeof(in_addr)};
  }
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) {
    return {bytes.data(), sizeof(in6_addr)};
  }
  return {};
}

void AppendNames(const PcapngHeader& header, std::string* file) {
  Block block(kNameResolution);
  for (const auto& [address, name] : header.names) {
    const std::string bytes = AddressBytes(address);
    if (bytes.empty()) {
      continue;
    }
    const std::string value = bytes + name + '\0';
    block.Number(bytes.size() == sizeof(in_addr) ? kNameIpv4 : kNameIpv6)
        .Number(static_cast<uint16_t>(value.size()))
        .Padded(value);
  }
  block.Number(uint16_t{0}).Number(uint16_t{0}).AppendTo(file);  // end of the records
}

void AppendFrame(const Frame& frame, uint64_t packet_id, std::string* file) {
  const std::string_view data(reinterpret_cast<const char*>(frame.data.data()), frame.data.size());
  Block(kEnhancedPacket)
      .Number(frame.interface)
      .Time(frame.realtime_ns)
      .Number(static_cast<uint32_t>(data.size()))
      .Number(frame.length)
      .Padded(data)
      .Comments(frame.comments)
      .NumberOption(kPacketFlags, frame.direction == Direction::kIn ? kInbound : kOutbound)
      .NumberOption(kPacketId, packet_id)
      .AppendTo(file);
}

void AppendStatistics(const Capture& capture,
                      uint32_t interface,
                      uint64_t dropped,
                      std::string* file) {
  const auto received =
      std::count_if(capture.frames.begin(), capture.frames.end(), [interface](const Frame& frame) {
        return frame.interface == interface;
      });
  Block(kInterfaceStatistics)
      .Number(interface)
      .Time(capture.frames.empty() ? 0 : capture.frames.back().realtime_ns)
      .NumberOption(kStatisticsReceived, static_cast<uint64_t>(received))
      .NumberOption(kStatisticsDropped, dropped)
      .AppendTo(file);
}

}  // namespace

std::string EncodePcapng(const Capture& capture,
                         const PcapngHeader& header,
                         uint64_t first_packet_id) {
  std::string file;
  AppendSection(header, &file);
  for (const std::string& interface : capture.interfaces) {
    AppendInterface(capture, interface, header.snaplen, &file);
  }
  AppendNames(header, &file);
  uint64_t packet_id = first_packet_id;
  for (const Frame& frame : capture.frames) {
    AppendFrame(frame, packet_id++, &file);
  }
  for (size_t i = 0; i < capture.interfaces.size(); ++i) {
    const uint64_t dropped = i < header.dropped.size() ? header.dropped[i] : 0;
    AppendStatistics(capture, static_cast<uint32_t>(i), dropped, &file);
  }
  return file;
}

}  // namespace lastack

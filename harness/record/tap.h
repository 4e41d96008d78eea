// A live capture of one interface through libpcap: TCP segments and ICMP errors, as the kernel
// handed them over.
//
// Units: times are CLOCK_REALTIME nanoseconds as the kernel stamped the frame; lengths in bytes.
// Order: the frames of one tap come in the order in which the kernel put them into the ring.
// Direction: libpcap does not tell it for Ethernet, so a frame whose source is the interface's own
// hardware address is kOut, any other kIn. On lo every frame passes twice and libpcap drops the
// sending copy; lo's hardware address is all zeros, as is every source there, so each of its frames
// is reported once, as kOut. Sources: pcap(3), pcap-filter(7), packet(7). Threads: a Tap belongs to
// one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "tcp/segment.h"

struct pcap;  // libpcap's pcap_t

namespace lastack {

struct TapOptions {
  uint32_t snaplen = 256;  // bytes kept of each frame at most; alignment may take 2 of them
  uint32_t buffer_bytes = 2 << 20;  // the kernel's ring
};

// A frame in the ring; `data` lives until the sink returns.
struct TappedFrame {
  int64_t realtime_ns = 0;
  uint32_t length = 0;
  Direction direction = Direction::kIn;
  const uint8_t* data = nullptr;
  size_t captured = 0;
};

// What the kernel counted since the tap was opened.
struct TapCounts {
  int64_t received =
      0;  // passed the filter, including dropped ones; on lo both copies of each frame
  int64_t dropped = 0;  // did not fit into the ring
};

class Tap {
 public:
  using Sink = std::function<void(const TappedFrame&)>;

  // Starts capturing in the calling thread's network namespace. Errors: kPermission without
  // CAP_NET_RAW, kSystem.
  [[nodiscard]] static Result<Tap> Open(const std::string& interface, const TapOptions& options);

  // Readable when there are frames.
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] const std::string& interface() const { return interface_; }

  // Gives the frames that are there, at most `limit`, to the sink without waiting; returns how
  // many. Fails when the interface is gone or down.
  [[nodiscard]] Result<size_t> Read(size_t limit, const Sink& sink);

  // Reads until the ring is empty: every frame that the kernel saw before the call.
  [[nodiscard]] Status Drain(const Sink& sink);

  [[nodiscard]] Result<TapCounts> Counts();

 private:
  struct Closer {
    void operator()(pcap* handle) const;
  };
  static constexpr size_t kAddressBytes = 6;
  using HardwareAddress = std::array<uint8_t, kAddressBytes>;

  Tap() = default;
  [[nodiscard]] Error PcapError(const std::string& what_failed) const;
  [[nodiscard]] Status Activate(const TapOptions& options);
  [[nodiscard]] Status SetFilter();
  [[nodiscard]] Status ReadHardwareAddress();

  std::string interface_;
  std::unique_ptr<pcap, Closer> handle_;
  HardwareAddress own_address_{};
  int fd_ = -1;
};

}  // namespace lastack

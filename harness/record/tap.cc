#include "record/tap.h"

#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include <pcap/pcap.h>

#include "base/fd.h"
#include "base/time.h"

namespace lastack {
namespace {

// Neighbour discovery and multicast group membership are no part of what we show; ICMPv6 errors
// have types below 128 (RFC 4443 2.1). libpcap's `tcp` and `icmp6` look at IPv6's first Next Header
// only; no host here sends extensions.
constexpr const char* kFilter = "tcp or icmp or (icmp6 and ip6[40] < 128)";

// How long Drain waits for a frame that another CPU is still copying into the ring (a copy takes
// microseconds).
constexpr Duration kDrainPatience = std::chrono::milliseconds(10);

int64_t ToNs(const timeval& nanosecond_stamp) {
  constexpr int64_t kNsPerSecond = 1'000'000'000;
  // With PCAP_TSTAMP_PRECISION_NANO tv_usec holds nanoseconds.
  return static_cast<int64_t>(nanosecond_stamp.tv_sec) * kNsPerSecond + nanosecond_stamp.tv_usec;
}

// What pcap_dispatch passes through to its callback.
struct Delivery {
  const Tap::Sink* sink;
  const uint8_t* own_address;
  size_t address_bytes;
};

// NOLINTNEXTLINE(readability-non-const-parameter): pcap_handler's type
void Deliver(u_char* user, const pcap_pkthdr* header, const u_char* bytes) {
  const auto* delivery = static_cast<const Delivery*>(static_cast<const void*>(user));
  TappedFrame frame;
  frame.realtime_ns = ToNs(header->ts);
  frame.length = header->len;
  frame.data = bytes;
  frame.captured = header->caplen;
  const size_t source_at = delivery->address_bytes;  // Ethernet: destination, then source
  if (header->caplen >= source_at + delivery->address_bytes) {
    const bool own =
        std::memcmp(bytes + source_at, delivery->own_address, delivery->address_bytes) == 0;
    frame.direction = own ? Direction::kOut : Direction::kIn;
  }
  (*delivery->sink)(frame);
}

}  // namespace

void Tap::Closer::operator()(pcap* handle) const {
  pcap_close(handle);
}

Error Tap::PcapError(const std::string& what_failed) const {
  return {ErrorKind::kSystem,
          "cannot " + what_failed + " interface " + interface_ + ": " + pcap_geterr(handle_.get()),
          {}};
}

Result<Tap> Tap::Open(const std::string& interface, const TapOptions& options) {
  Tap tap;
  tap.interface_ = interface;
  return tap.ReadHardwareAddress()
      .and_then([&] { return tap.Activate(options); })
      .and_then([&] { return tap.SetFilter(); })
      .map([&] { return std::move(tap); });
}

Status Tap::ReadHardwareAddress() {
  const Fd any_socket(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!any_socket.valid()) {
    return FailErrno("cannot open a socket");
  }
  ifreq request{};
  interface_.copy(request.ifr_name, sizeof(request.ifr_name) - 1);
  if (ioctl(any_socket.get(), SIOCGIFHWADDR, &request) != 0) {  // NOLINT(*-vararg)
    return FailErrno("cannot capture on interface " + interface_);
  }
  std::memcpy(own_address_.data(), request.ifr_hwaddr.sa_data, own_address_.size());
  return {};
}

Status Tap::Activate(const TapOptions& options) {
  std::array<char, PCAP_ERRBUF_SIZE> message{};
  handle_.reset(pcap_create(interface_.c_str(), message.data()));
  if (handle_ == nullptr) {
    return Fail(ErrorKind::kSystem, "cannot capture on " + interface_ + ": " + message.data());
  }
  pcap* handle = handle_.get();
  constexpr uint32_t kLargest = std::numeric_limits<int>::max();
  pcap_set_snaplen(handle, static_cast<int>(std::min(options.snaplen, kLargest)));
  pcap_set_buffer_size(handle, static_cast<int>(std::min(options.buffer_bytes, kLargest)));
  pcap_set_immediate_mode(handle, 1);
  if (pcap_set_tstamp_precision(handle, PCAP_TSTAMP_PRECISION_NANO) != 0) {
    return Fail(ErrorKind::kUnsupported, "libpcap gives no nanoseconds on " + interface_);
  }
  const int status = pcap_activate(handle);
  if (status < 0) {
    Error error = PcapError("capture on");
    if (status == PCAP_ERROR_PERM_DENIED) {
      error.kind = ErrorKind::kPermission;
      error.hint = "capturing needs CAP_NET_RAW";
    }
    return Fail(std::move(error));
  }
  if (pcap_setnonblock(handle, 1, message.data()) != 0) {
    return Fail(ErrorKind::kSystem, "cannot capture on " + interface_ + ": " + message.data());
  }
  fd_ = pcap_get_selectable_fd(handle);
  return {};
}

Status Tap::SetFilter() {
  bpf_program program{};
  if (pcap_compile(handle_.get(), &program, kFilter, 1, PCAP_NETMASK_UNKNOWN) != 0) {
    return Fail(PcapError("compile the filter for"));
  }
  const int status = pcap_setfilter(handle_.get(), &program);
  pcap_freecode(&program);
  if (status != 0) {
    return Fail(PcapError("set the filter on"));
  }
  return {};
}

Result<size_t> Tap::Read(size_t limit, const Sink& sink) {
  Delivery delivery{&sink, own_address_.data(), own_address_.size()};
  constexpr size_t kLargest = std::numeric_limits<int>::max();
  const int count = pcap_dispatch(handle_.get(),
                                  static_cast<int>(std::min(limit, kLargest)),
                                  &Deliver,
                                  static_cast<u_char*>(static_cast<void*>(&delivery)));
  if (count < 0) {
    return Fail(PcapError("read frames of"));
  }
  return static_cast<size_t>(count);
}

// The ring is read up to the first frame that is not complete. poll() looks at the newest one
// (packet_poll), so it says whether there is a complete frame behind an incomplete one.
Status Tap::Drain(const Sink& sink) {
  const Deadline deadline(kDrainPatience);
  bool more = true;
  while (more) {
    const Result<size_t> count = Read(std::numeric_limits<int>::max(), sink);
    if (!count) {
      return Fail(count.error());
    }
    pollfd ready{fd_, POLLIN, 0};
    more = poll(&ready, 1, 0) > 0 && (ready.revents & POLLIN) != 0 && !deadline.Expired();
  }
  return {};
}

Result<TapCounts> Tap::Counts() {
  pcap_stat counts{};
  if (pcap_stats(handle_.get(), &counts) != 0) {
    return Fail(PcapError("read the counts of"));
  }
  return TapCounts{counts.ps_recv, counts.ps_drop};
}

}  // namespace lastack

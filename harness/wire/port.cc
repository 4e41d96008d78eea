// Packet sockets, read and written in batches.
#include "wire/port.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace lastack {
namespace {

constexpr size_t kFrameBytes = 2048;          // Ethernet header and MTU 1500, with room to spare
constexpr int kSocketBufferBytes = 64 << 20;  // what arrives while the relay is not scheduled
constexpr size_t kFramesPerSend = 64;
constexpr int kSendAttempts = 100;
constexpr int kRetryMs = 1;

const sockaddr* Generic(const sockaddr_ll& address) {
  return static_cast<const sockaddr*>(static_cast<const void*>(&address));
}

void SetBuffer(int fd, int force, int ordinary) {
  if (setsockopt(fd, SOL_SOCKET, force, &kSocketBufferBytes, sizeof(kSocketBufferBytes)) != 0) {
    // Without CAP_NET_ADMIN over the machine: as much as net.core allows. What is lost is counted.
    setsockopt(fd, SOL_SOCKET, ordinary, &kSocketBufferBytes, sizeof(kSocketBufferBytes));
  }
}

Status SetUp(int fd, const std::string& interface) {
  const int on = 1;
  if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) != 0 ||
      setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)) != 0) {
    return FailErrno("cannot set up the packet socket of " + interface);
  }
  SetBuffer(fd, SO_RCVBUFFORCE, SO_RCVBUF);
  SetBuffer(fd, SO_SNDBUFFORCE, SO_SNDBUF);
  return {};
}

// Nobody is there any more to miss what is sent.
bool IsGone(int error) {
  return error == ENETDOWN || error == ENXIO || error == ENODEV;
}

}  // namespace

struct Port::Buffers {
  std::array<std::array<uint8_t, kFrameBytes>, kFramesPerRead> frames;
  std::array<iovec, kFramesPerRead> parts;
  std::array<mmsghdr, kFramesPerRead> messages;

  // NOLINTNEXTLINE(*-member-init): the kernel writes the frames
  Buffers() : parts{}, messages{} {
    for (size_t i = 0; i < kFramesPerRead; ++i) {
      parts.at(i) = {frames.at(i).data(), kFrameBytes};
      messages.at(i).msg_hdr.msg_iov = &parts.at(i);
      messages.at(i).msg_hdr.msg_iovlen = 1;
    }
  }
};

Port::Port(Fd fd) : fd_(std::move(fd)), buffers_(std::make_unique<Buffers>()) {}
Port::Port(Port&& other) noexcept = default;
Port& Port::operator=(Port&& other) noexcept = default;
Port::~Port() = default;

Result<Port> Port::Open(const std::string& interface) {
  const auto index = static_cast<int>(if_nametoindex(interface.c_str()));
  if (index == 0) {
    return FailErrno("cannot find the interface " + interface);
  }
  // Protocol 0: it takes nothing before it is bound to its interface.
  Fd fd(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (!fd.valid()) {
    return FailErrno("cannot open a packet socket");
  }
  if (Status set_up = SetUp(fd.get(), interface); !set_up) {
    return Fail(set_up.error());
  }
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = index;
  if (bind(fd.get(), Generic(address), sizeof(address)) != 0) {
    return FailErrno("cannot bind a packet socket to " + interface);
  }
  return Port(std::move(fd));
}

size_t Port::Read(const Sink& sink) {
  const int got =
      recvmmsg(fd_.get(), buffers_->messages.data(), kFramesPerRead, MSG_DONTWAIT, nullptr);
  if (got <= 0) {
    return 0;  // nothing there, or the interface has gone down: then poll says so only once
  }
  const auto count = static_cast<size_t>(got);
  for (size_t i = 0; i < count; ++i) {
    const mmsghdr& message = buffers_->messages.at(i);
    if ((message.msg_hdr.msg_flags & MSG_TRUNC) != 0) {
      ++missed_;
    } else {
      sink({buffers_->frames.at(i).data(), message.msg_len});
    }
  }
  return count;
}

// False if it is of no use to go on.
bool Port::SendSome(std::span<const std::span<const uint8_t>> frames, size_t* sent) {
  std::array<iovec, kFramesPerSend> parts{};
  std::array<mmsghdr, kFramesPerSend> messages{};
  const size_t count = std::min(frames.size(), kFramesPerSend);
  for (size_t i = 0; i < count; ++i) {
    // NOLINTNEXTLINE(*-const-cast): iovec is the same for reading and writing
    parts.at(i) = {const_cast<uint8_t*>(frames[i].data()), frames[i].size()};
    messages.at(i).msg_hdr.msg_iov = &parts.at(i);
    messages.at(i).msg_hdr.msg_iovlen = 1;
  }
  for (int attempt = 0; attempt < kSendAttempts; ++attempt) {
    const int taken = sendmmsg(fd_.get(), messages.data(), static_cast<unsigned>(count), 0);
    if (taken > 0) {
      *sent += static_cast<size_t>(taken);
      return true;
    }
    if (IsGone(errno)) {
      return false;
    }
    if (errno != EINTR) {
      poll(
          nullptr, 0, kRetryMs);  // ENOBUFS: the device's queue is full, and nothing tells when not
    }
  }
  return false;
}

size_t Port::Send(std::span<const std::span<const uint8_t>> frames) {
  size_t sent = 0;
  while (sent < frames.size() && SendSome(frames.subspan(sent), &sent)) {
  }
  if (sent < frames.size() && !IsGone(errno)) {
    missed_ += static_cast<int64_t>(frames.size() - sent);
  }
  return sent;
}

int64_t Port::Missed() {
  tpacket_stats counts{};
  socklen_t size = sizeof(counts);
  if (getsockopt(fd_.get(), SOL_PACKET, PACKET_STATISTICS, &counts, &size) == 0) {
    missed_ += counts.tp_drops;  // reading resets the kernel's count
  }
  return missed_;
}

}  // namespace lastack

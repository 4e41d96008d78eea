// One of the relay's two interfaces: whole Ethernet frames in and out, through AF_PACKET.
//
// Sources: packet(7). Opened in the calling thread's network namespace. A port has no ring:
// opening and closing rings costs RCU grace periods. Threads: belongs to the relay's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace lastack {

class Port {
 public:
  using Sink = std::function<void(std::span<const uint8_t>)>;

  // Errors: kPermission without CAP_NET_RAW; kSystem, as for an interface that does not exist.
  [[nodiscard]] static Result<Port> Open(const std::string& interface);
  Port(Port&& other) noexcept;
  Port& operator=(Port&& other) noexcept;
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;
  ~Port();

  // Readable when frames are there.
  [[nodiscard]] int fd() const { return fd_.get(); }

  // Gives frames that are there to the sink, without waiting; returns how many, at most
  // kFramesPerRead. A frame's bytes live until the sink returns.
  [[nodiscard]] size_t Read(const Sink& sink);

  // Sends the frames in order; waits where the kernel has no room. Returns how many it took: all,
  // unless the interface is gone, or the kernel does not want one even after many attempts.
  [[nodiscard]] size_t Send(std::span<const std::span<const uint8_t>> frames);

  // How many frames have been lost so far: the kernel did not pass them to this port, or did not
  // take them.
  [[nodiscard]] int64_t Missed();

  static constexpr size_t kFramesPerRead = 64;

 private:
  struct Buffers;  // what recvmmsg writes to

  explicit Port(Fd fd);
  [[nodiscard]] bool SendSome(std::span<const std::span<const uint8_t>> frames, size_t* sent);

  Fd fd_;
  int64_t missed_ = 0;
  std::unique_ptr<Buffers> buffers_;
};

}  // namespace lastack

#include "peer/control.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace lastack {
namespace {

constexpr size_t kReadSize = 65536;
constexpr size_t kMaxDescriptors = 4;  // more than one request carries in one read

using ControlBuffer = std::array<char, CMSG_SPACE(sizeof(int) * kMaxDescriptors)>;

// The descriptor travels with the bytes of this one sendmsg.
ssize_t Send(int fd, std::string_view bytes, int descriptor) {
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};  // NOLINT: sendmsg only reads it
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> ancillary{};
  if (descriptor >= 0) {
    message.msg_control = ancillary.data();
    message.msg_controllen = ancillary.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
  }
  return sendmsg(fd, &message, MSG_NOSIGNAL);
}

// Takes over every descriptor that came with a message.
void Collect(msghdr* message, std::deque<Fd>* out) {
  for (cmsghdr* header = CMSG_FIRSTHDR(message); header != nullptr;
       header = CMSG_NXTHDR(message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
      continue;
    }
    const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    std::array<int, kMaxDescriptors> received{};
    std::memcpy(received.data(), CMSG_DATA(header), count * sizeof(int));
    for (size_t i = 0; i < count; ++i) {
      out->emplace_back(received[i]);
    }
  }
}

}  // namespace

int Control::Write(std::string line, int descriptor) {
  line += '\n';
  std::string_view left = line;
  const std::lock_guard lock(write_);
  while (!left.empty()) {
    const ssize_t sent = Send(fd_.get(), left, descriptor);
    if (sent >= 0) {
      left.remove_prefix(static_cast<size_t>(sent));
      descriptor = -1;
    } else if (errno == EAGAIN) {
      pollfd writable{fd_.get(), POLLOUT, 0};
      poll(&writable, 1, -1);
    } else if (errno == EPIPE || errno == ECONNRESET) {
      _exit(0);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

bool Control::Read() {
  std::array<char, kReadSize> bytes;  // NOLINT(*-member-init): recvmsg fills it
  alignas(cmsghdr) ControlBuffer ancillary{};
  iovec part{bytes.data(), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = ancillary.data();
  message.msg_controllen = ancillary.size();
  const ssize_t received = recvmsg(fd_.get(), &message, MSG_CMSG_CLOEXEC);
  if (received < 0) {
    return errno == EAGAIN || errno == EINTR;
  }
  Collect(&message, &descriptors_);
  for (std::string& line : buffer_.Append({bytes.data(), static_cast<size_t>(received)})) {
    lines_.push_back(std::move(line));
  }
  return received > 0;
}

std::optional<std::string> Control::NextLine() {
  if (lines_.empty()) {
    return std::nullopt;
  }
  std::string line = std::move(lines_.front());
  lines_.pop_front();
  return line;
}

Fd Control::TakeDescriptor() {
  if (descriptors_.empty()) {
    return {};
  }
  Fd descriptor = std::move(descriptors_.front());
  descriptors_.pop_front();
  return descriptor;
}

void Control::Replace(Fd fd) {
  fd_ = std::move(fd);
  buffer_ = LineBuffer();
  lines_.clear();
  descriptors_.clear();
}

}  // namespace lastack

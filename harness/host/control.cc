#include "host/control.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

namespace lastack {
namespace {

constexpr size_t kReadBytes = 65536;
constexpr timeval kWritePatience = {1, 0};

// Space for the ancillary data of one descriptor.
struct Ancillary {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> bytes{};
};

std::optional<Fd> DescriptorOf(const msghdr& message) {
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
      header->cmsg_len < CMSG_LEN(sizeof(int))) {
    return std::nullopt;
  }
  int descriptor = -1;
  std::memcpy(&descriptor, CMSG_DATA(header), sizeof(descriptor));
  return Fd(descriptor);
}

}  // namespace

ControlChannel::ControlChannel(Fd fd) : fd_(std::move(fd)) {
  setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &kWritePatience, sizeof(kWritePatience));
}

std::vector<std::string> ControlChannel::Read() {
  std::vector<std::string> lines;
  while (fd_.valid() && ReadOnce(&lines)) {
  }
  return lines;
}

bool ControlChannel::ReadOnce(std::vector<std::string>* lines) {
  std::array<char, kReadBytes> bytes;  // NOLINT(*-member-init): written by recvmsg
  Ancillary ancillary;
  iovec vector{bytes.data(), bytes.size()};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = ancillary.bytes.data();
  message.msg_controllen = ancillary.bytes.size();
  const ssize_t received = recvmsg(fd_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (received < 0 && (errno == EAGAIN || errno == EINTR)) {
    return errno == EINTR;
  }
  if (received <= 0) {
    fd_.Reset();
    return false;
  }
  if (std::optional<Fd> descriptor = DescriptorOf(message)) {
    descriptors_.push_back(std::move(*descriptor));
  }
  std::ranges::move(buffer_.Append({bytes.data(), static_cast<size_t>(received)}),
                    std::back_inserter(*lines));
  return true;
}

std::optional<Fd> ControlChannel::TakeDescriptor() {
  if (descriptors_.empty()) {
    return std::nullopt;
  }
  std::optional<Fd> first(std::move(descriptors_.front()));
  descriptors_.pop_front();
  return first;
}

Status ControlChannel::Write(const std::string& line, int descriptor) {
  std::string text = line + "\n";
  std::string_view left = text;
  Ancillary ancillary;
  while (!left.empty()) {
    iovec vector{text.data() + (text.size() - left.size()), left.size()};
    msghdr message{};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    if (descriptor >= 0) {
      message.msg_control = ancillary.bytes.data();
      message.msg_controllen = ancillary.bytes.size();
      cmsghdr* header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN(sizeof(int));
      std::memcpy(CMSG_DATA(header), &descriptor, sizeof(descriptor));
    }
    const ssize_t sent = sendmsg(fd_.get(), &message, MSG_NOSIGNAL);
    if (sent < 0 && errno != EINTR) {
      return FailErrno("cannot write to the peer's control descriptor");
    }
    if (sent > 0) {
      left.remove_prefix(static_cast<size_t>(sent));
      descriptor = -1;  // went with the first byte
    }
  }
  return {};
}

}  // namespace lastack

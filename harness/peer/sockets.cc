#include "peer/sockets.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

namespace lastack {
namespace {

bool IsListener(int fd) {
  int listening = 0;
  socklen_t length = sizeof(listening);
  return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) == 0 && listening != 0;
}

}  // namespace

int InterruptAcceptSignal() {
  return SIGUSR1;
}

bool Sockets::Insert(const std::string& name, const SocketPtr& socket) {
  const std::lock_guard lock(mutex_);
  return by_name_.try_emplace(name, socket).second;
}

SocketPtr Sockets::Find(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

bool Sockets::Remove(const NamedSocket& named) {
  const std::lock_guard lock(mutex_);
  const auto found = by_name_.find(named.name);
  if (found == by_name_.end() || found->second != named.socket) {
    return false;
  }
  by_name_.erase(found);
  return true;
}

std::vector<NamedSocket> Sockets::All() const {
  const std::lock_guard lock(mutex_);
  std::vector<NamedSocket> all;
  all.reserve(by_name_.size());
  for (const auto& [name, socket] : by_name_) {
    all.push_back({name, socket});
  }
  return all;
}

std::vector<int> Sockets::DescriptorsLocked() const {
  std::vector<int> descriptors;
  for (const auto& [name, socket] : by_name_) {
    descriptors.push_back(socket->fd);
  }
  return descriptors;
}

Sockets::Accepting::Accepting(Sockets* sockets) : sockets_(sockets) {
  const std::lock_guard lock(sockets_->mutex_);
  sockets_->accepting_.push_back(pthread_self());
}

Sockets::Accepting::~Accepting() {
  const std::lock_guard lock(sockets_->mutex_);
  auto& threads = sockets_->accepting_;
  const auto self = [](pthread_t thread) { return pthread_equal(thread, pthread_self()) != 0; };
  threads.erase(std::find_if(threads.begin(), threads.end(), self));
}

void Sockets::StopListening() {
  for (const NamedSocket& named : All()) {
    if (IsListener(named.socket->fd) && Remove(named)) {
      CloseSocket(named.socket.get());
    }
  }
  // A thread that enters accept(2) only now gets EBADF, so one signal each is enough.
  const std::lock_guard lock(mutex_);
  for (const pthread_t thread : accepting_) {
    pthread_kill(thread, InterruptAcceptSignal());
  }
}

int CloseSocket(Socket* socket) {
  return close(socket->fd.exchange(-1)) == 0 ? 0 : errno;
}

Endpoint Describe(const NamedSocket& named) {
  const int fd = named.socket->fd;
  Endpoint endpoint;
  endpoint.name = named.name;
  endpoint.family = named.socket->family;
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  // sockaddr_storage is what the sockets interface hands around as sockaddr.
  auto* const any = reinterpret_cast<sockaddr*>(&address);  // NOLINT(*-reinterpret-cast)
  if (getsockname(fd, any, &length) == 0) {
    endpoint.local = FromSockaddr(address);
  }
  length = sizeof(address);
  if (getpeername(fd, any, &length) == 0) {
    endpoint.remote = FromSockaddr(address);
  }
  length = sizeof(endpoint.cookie);
  if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &endpoint.cookie, &length) != 0) {
    endpoint.cookie = 0;
  }
  return endpoint;
}

Family FamilyOfSocket(int fd) {
  sockaddr_in6 address{};
  socklen_t length = sizeof(address);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);  // NOLINT(*-reinterpret-cast)
  if (address.sin6_family != AF_INET6) {
    return Family::kV4;
  }
  return IN6_IS_ADDR_V4MAPPED(&address.sin6_addr) ? Family::kMapped : Family::kV6;
}

}  // namespace lastack

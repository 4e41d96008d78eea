#include "rebind/listener.h"

#include <netinet/in.h>

#include <cerrno>

#include "base/time.h"

namespace lastack {
namespace {

RawOption ToRaw(const SocketOption& option) {
  const OptionInfo* info = FindOption(option.name);
  if (info == nullptr) {
    return {};  // setsockopt will say ENOPROTOOPT
  }
  RawOption raw{.level = info->level, .number = info->number};
  const bool linger = info->unit == OptionUnit::kLinger;  // struct linger is two ints
  raw.value = {static_cast<int>(option.value), static_cast<int>(option.seconds)};
  raw.length = static_cast<socklen_t>(sizeof(int) * (linger ? 2 : 1));
  return raw;
}

}  // namespace

ListenPlan PlanListener(const MeasuringHosts& hosts,
                        uint16_t port,
                        const std::vector<SocketOption>& options) {
  ListenPlan plan;
  plan.domain = hosts.server_domain();
  if (plan.domain == AF_INET6) {
    const int only = hosts.client_domain() == AF_INET6 ? 1 : 0;  // else IPv4 clients come to it
    plan.options.push_back(
        {.level = IPPROTO_IPV6, .number = IPV6_V6ONLY, .value = {only, 0}, .length = sizeof(int)});
  }
  for (const SocketOption& option : options) {
    plan.options.push_back(ToRaw(option));
  }
  plan.length = ToSockaddr(hosts.Wildcard(port), plan.domain, &plan.address).value_or(0);
  return plan;
}

ListenOutcome Listen(const ListenPlan& plan) {
  ListenOutcome outcome;
  const auto fail = [&outcome](const char* call, int error) {
    outcome.socket.Reset();
    outcome.error = error;
    outcome.failed = call;
  };
  outcome.socket = Fd(socket(plan.domain, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int fd = outcome.socket.get();
  if (fd < 0) {
    fail("socket", errno);
    return outcome;
  }
  for (const RawOption& option : plan.options) {
    if (setsockopt(fd, option.level, option.number, option.value.data(), option.length) != 0) {
      fail("setsockopt", errno);
      return outcome;
    }
  }
  const auto* generic = static_cast<const sockaddr*>(static_cast<const void*>(&plan.address));
  if (bind(fd, generic, plan.length) != 0) {
    fail("bind", errno);
    return outcome;
  }
  outcome.bound_ns = MonotonicNs();
  if (listen(fd, kBacklog) != 0) {
    fail("listen", errno);
    return outcome;
  }
  outcome.listening_ns = MonotonicNs();
  return outcome;
}

}  // namespace lastack

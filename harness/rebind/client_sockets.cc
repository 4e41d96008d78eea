#include "rebind/client_sockets.h"

#include <poll.h>
#include <sched.h>

namespace lastack {

RawAddress ToRaw(const SocketAddress& address, int domain) {
  RawAddress raw;
  raw.length = ToSockaddr(address, domain, &raw.storage).value_or(0);
  return raw;
}

void ResetAtClose(int fd) {
  const linger reset{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
}

bool EnterClientNetwork(const MeasuringHosts& hosts) {
  return setns(hosts.client().get(), CLONE_NEWNET) == 0;
}

bool BecomesReady(int fd, short events, int within_ms) {
  pollfd one{.fd = fd, .events = events, .revents = 0};
  return poll(&one, 1, within_ms) > 0;
}

}  // namespace lastack

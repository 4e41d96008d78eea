// For tests that need a whole testbed: cat stands in for lastack-host, and the test itself makes
// sockets in the hosts.
#pragma once

#include <sys/socket.h>

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "base/socket_address.h"
#include "testbed/namespace_fixture.h"
#include "testbed/testbed.h"

namespace lastack {

inline Scenario TwoHosts(Family family = Family::kV4) {
  Scenario scenario;
  scenario.family = family;
  scenario.hosts.resize(2);
  scenario.hosts[0].name = "server";
  scenario.hosts[1].name = "client";
  return scenario;
}

class TestbedFixture : public NamespaceTest {
 protected:
  static Result<std::unique_ptr<Testbed>> Create(const Scenario& scenario) {
    return Testbed::Create(scenario, {.host = "/bin/cat", .wire = "/bin/cat"});
  }
  static std::unique_ptr<Testbed> Made(const Scenario& scenario = TwoHosts()) {
    Result<std::unique_ptr<Testbed>> testbed = Create(scenario);
    EXPECT_TRUE(testbed) << testbed.error().message << '\n' << testbed.error().hint;
    return testbed ? std::move(*testbed) : nullptr;
  }

  // A socket that lives in the host.
  static Fd SocketIn(const Host& host, int domain, int type, int protocol = 0) {
    const Result<Fd> made = InNetwork(host.network, [&]() -> Result<Fd> {
      return Fd(socket(domain, type | SOCK_CLOEXEC, protocol));
    });
    EXPECT_TRUE(made && made->valid());
    return made ? Fd(dup(made->get())) : Fd();
  }
  static int BindTo(const Fd& socket, int domain, const SocketAddress& address) {
    sockaddr_storage name{};
    const socklen_t size = ToSockaddr(address, domain, &name).value();
    return bind(socket.get(), AsSockaddr(&name), size) == 0 ? 0 : errno;
  }
  static int ConnectTo(const Fd& socket, int domain, const SocketAddress& address) {
    sockaddr_storage name{};
    const socklen_t size = ToSockaddr(address, domain, &name).value();
    return connect(socket.get(), AsSockaddr(&name), size) == 0 ? 0 : errno;
  }

 private:
  static const sockaddr* AsSockaddr(const void* storage) {
    return static_cast<const sockaddr*>(storage);
  }
};

}  // namespace lastack

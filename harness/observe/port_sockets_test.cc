#include "observe/port_sockets.h"

#include <sys/socket.h>

#include <cerrno>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/fd.h"
#include "record/fresh_namespace.h"

namespace lastack {
namespace {

constexpr uint16_t kPort = 8080;

int DomainOf(const SocketAddress& address) {
  return address.address.find(':') == std::string::npos ? AF_INET : AF_INET6;
}

int Bind(const Fd& fd, const SocketAddress& to, int domain) {
  sockaddr_storage address{};
  const socklen_t size = ToSockaddr(to, domain, &address).value_or(0);
  const void* generic = &address;
  return bind(fd.get(), static_cast<const sockaddr*>(generic), size);
}

Fd Listen(const SocketAddress& at, int backlog = 10) {
  Fd fd(socket(DomainOf(at), SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(Bind(fd, at, DomainOf(at)), 0);
  EXPECT_EQ(listen(fd.get(), backlog), 0);
  return fd;
}

Fd Connect(const SocketAddress& to) {
  Fd fd(socket(DomainOf(to), SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_storage address{};
  const socklen_t size = ToSockaddr(to, DomainOf(to), &address).value_or(0);
  const void* generic = &address;
  EXPECT_EQ(connect(fd.get(), static_cast<const sockaddr*>(generic), size), 0);
  return fd;
}

SocketAddress NameOf(const Fd& fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  void* generic = &address;
  EXPECT_EQ(getsockname(fd.get(), static_cast<sockaddr*>(generic), &size), 0);
  return FromSockaddr(address);
}

Fd Accept(const Fd& listener) {
  return Fd(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
}

class PortSocketsTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!EnterFreshNamespace()) {
      GTEST_SKIP() << "cannot make a network namespace";
    }
    Result<PortSockets> opened = PortSockets::Open();
    ASSERT_TRUE(opened);
    sockets_.emplace(std::move(*opened));
  }

  std::optional<PortSockets> sockets_;
};

TEST_F(PortSocketsTest, ListsOnlyThePortAndBothFamilies) {
  const Fd v4 = Listen({"127.0.0.1", kPort});
  const Fd v6 = Listen({"::1", kPort});
  const Fd other = Listen({"127.0.0.1", 9090});
  const auto found = sockets_->On(kPort);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 2U);
  EXPECT_EQ((*found)[0].local, (SocketAddress{"127.0.0.1", kPort}));
  EXPECT_EQ((*found)[1].local, (SocketAddress{"::1", kPort}));
  EXPECT_TRUE((*found)[1].v6);
  EXPECT_NE((*found)[0].inode, 0U);
  EXPECT_EQ(sockets_->Listeners()->size(), 3U);
}

TEST_F(PortSocketsTest, FindsTheListenerThatAConnectionWouldReach) {
  EXPECT_EQ(*sockets_->ListenerFor({"127.0.0.1", kPort}), std::nullopt);
  const Fd wildcard = Listen({"::", kPort});
  const auto v4 = sockets_->ListenerFor({"127.0.0.1", kPort});
  const auto v6 = sockets_->ListenerFor({"::1", kPort});
  ASSERT_TRUE(v4 && *v4 && v6 && *v6);
  EXPECT_EQ((*v4)->cookie, (*v6)->cookie);
  EXPECT_EQ((*v4)->local, (SocketAddress{"::", kPort}));
  EXPECT_EQ(*sockets_->ListenerFor({"127.0.0.1", 9090}), std::nullopt);
}

TEST_F(PortSocketsTest, SaysWhetherAConnectionIsAccepted) {
  for (const SocketAddress& at : {SocketAddress{"127.0.0.1", kPort}, SocketAddress{"::1", 8081}}) {
    const Fd listener = Listen(at);
    const Fd client = Connect(at);
    const auto waiting = sockets_->Connection(at, NameOf(client));
    ASSERT_TRUE(waiting && *waiting);
    EXPECT_EQ((*waiting)->state, State::kEstablished);
    EXPECT_EQ((*waiting)->inode, 0U);
    EXPECT_EQ((*sockets_->ListenerFor(at))->queue, 1U);
    EXPECT_EQ((*sockets_->ListenerFor(at))->backlog, 10U);
    const Fd accepted = Accept(listener);
    EXPECT_NE((*sockets_->Connection(at, NameOf(client)))->inode, 0U);
    EXPECT_EQ((*sockets_->ListenerFor(at))->queue, 0U);
  }
}

TEST_F(PortSocketsTest, FindsAnIpv4ConnectionOfADualStackServer) {
  const Fd listener = Listen({"::", kPort});
  const Fd client = Connect({"127.0.0.1", kPort});
  const Fd accepted = Accept(listener);
  const auto found = sockets_->Connection({"127.0.0.1", kPort}, NameOf(client));
  ASSERT_TRUE(found && *found);
  EXPECT_NE((*found)->inode, 0U);
}

TEST_F(PortSocketsTest, AMiniSocketHasATimerAndTheCookieOfItsSocket) {
  Fd listener = Listen({"127.0.0.1", kPort});
  Fd client = Connect({"127.0.0.1", kPort});
  Fd accepted = Accept(listener);
  const SocketAddress name = NameOf(client);
  const auto before = sockets_->Connection({"127.0.0.1", kPort}, name);
  accepted.Reset();
  client.Reset();
  listener.Reset();
  const auto after = sockets_->On(kPort);
  ASSERT_TRUE(after && before && *before);
  ASSERT_EQ(after->size(), 1U);
  EXPECT_EQ(after->front().state, State::kTimeWait);
  EXPECT_EQ(after->front().kind, SampleKind::kTimeWait);
  EXPECT_EQ(after->front().cookie, (*before)->cookie);
  EXPECT_EQ(after->front().inode, 0U);
  EXPECT_GT(after->front().expires, std::chrono::seconds(50));
  EXPECT_LE(after->front().expires, std::chrono::seconds(60));
}

}  // namespace
}  // namespace lastack

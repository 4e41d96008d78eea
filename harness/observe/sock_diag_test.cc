#include "observe/sock_diag.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/fd.h"
#include "base/socket_address.h"
#include "base/time.h"
#include "record/fresh_namespace.h"

namespace lastack {
namespace {

constexpr uint16_t kPort = 8080;

std::string LoopbackOf(Family family) {
  switch (family) {
    case Family::kV4:
      return "127.0.0.1";
    case Family::kV6:
      return "::1";
    case Family::kMapped:
      return "::ffff:127.0.0.1";
  }
  return "";
}

Endpoint EndpointOf(const std::string& name, Family family, int fd) {
  sockaddr_storage address{};
  auto* generic = static_cast<sockaddr*>(static_cast<void*>(&address));
  Endpoint endpoint{name, family, {}, std::nullopt, 0};
  socklen_t length = sizeof(address);
  getsockname(fd, generic, &length);
  endpoint.local = FromSockaddr(address);
  length = sizeof(address);
  if (getpeername(fd, generic, &length) == 0) {
    endpoint.remote = FromSockaddr(address);
  }
  length = sizeof(endpoint.cookie);
  getsockopt(fd, SOL_SOCKET, SO_COOKIE, &endpoint.cookie, &length);
  return endpoint;
}

Fd Listen(Family family, bool reuse_port = false) {
  Fd fd(socket(SocketDomain(family), SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = reuse_port ? 1 : 0;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
  sockaddr_storage address{};
  const auto length =
      ToSockaddr({LoopbackOf(family), kPort}, SocketDomain(family), &address).value_or(0);
  const auto* generic = static_cast<const sockaddr*>(static_cast<const void*>(&address));
  EXPECT_EQ(bind(fd.get(), generic, length), 0);
  EXPECT_EQ(listen(fd.get(), 10), 0);
  return fd;
}

Fd Connect(Family family, int flags = 0) {
  Fd fd(socket(SocketDomain(family), SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  sockaddr_storage address{};
  const auto length =
      ToSockaddr({LoopbackOf(family), kPort}, SocketDomain(family), &address).value_or(0);
  const auto* generic = static_cast<const sockaddr*>(static_cast<const void*>(&address));
  const bool connected = connect(fd.get(), generic, length) == 0;
  EXPECT_TRUE(connected || errno == EINPROGRESS);
  return fd;
}

void WaitForEndOfFile(int fd) {
  pollfd ready{fd, POLLRDHUP, 0};
  ASSERT_EQ(poll(&ready, 1, 1000), 1);
}

class SockDiagTest : public testing::TestWithParam<Family> {
 protected:
  void SetUp() override {
    if (const Status status = EnterFreshNamespace(); !status) {
      GTEST_SKIP() << status.error().message;
    }
    Result<SockDiag> diag = SockDiag::Open();
    ASSERT_TRUE(diag) << diag.error().message;
    diag_.emplace(std::move(*diag));
  }

  // A connection: the client's descriptor and endpoint, the server's.
  void Establish() {
    listener = Listen(GetParam());
    client = Connect(GetParam());
    server = Fd(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    client_endpoint = EndpointOf("client", GetParam(), client.get());
    server_endpoint = EndpointOf("server", GetParam(), server.get());
  }

  StateSample Look(const Endpoint& endpoint) {
    const Result<std::vector<StateSample>> samples = diag_->Sample({endpoint});
    EXPECT_TRUE(samples) << samples.error().message;
    return samples ? samples->front() : StateSample{};
  }

  // The ACK of a FIN may be delayed, so FIN-WAIT-2 has to be waited for.
  StateSample LookUntil(const Endpoint& endpoint, State state) {
    const Deadline deadline(std::chrono::seconds(1));
    StateSample sample = Look(endpoint);
    while (sample.state != state && !deadline.Expired()) {
      sample = Look(endpoint);
    }
    EXPECT_EQ(sample.state, state);
    return sample;
  }

  std::optional<SockDiag> diag_;
  Fd listener;
  Fd client;
  Fd server;
  Endpoint client_endpoint;
  Endpoint server_endpoint;
};

INSTANTIATE_TEST_SUITE_P(Families,
                         SockDiagTest,
                         testing::Values(Family::kV4, Family::kV6, Family::kMapped),
                         [](const auto& family) { return std::string(ToString(family.param)); });

TEST_P(SockDiagTest, EstablishedConnectionHasBothEndsAndTheirCookies) {
  Establish();
  const auto samples = diag_->Sample({client_endpoint, server_endpoint});
  ASSERT_TRUE(samples);
  ASSERT_EQ(samples->size(), 2U);
  EXPECT_EQ((*samples)[0].endpoint, "client");
  EXPECT_EQ((*samples)[1].endpoint, "server");
  for (const StateSample& sample : *samples) {
    EXPECT_EQ(sample.state, State::kEstablished);
    EXPECT_EQ(sample.kind, SampleKind::kSocket);
  }
  EXPECT_EQ((*samples)[0].cookie, client_endpoint.cookie);
  EXPECT_EQ((*samples)[1].cookie, server_endpoint.cookie);
}

TEST_P(SockDiagTest, HeldFinWait2IsASocketAndOrphanedFinWait2AMiniSocket) {
  Establish();
  shutdown(client.get(), SHUT_WR);
  WaitForEndOfFile(server.get());
  EXPECT_EQ(LookUntil(client_endpoint, State::kFinWait2).kind, SampleKind::kSocket);
  EXPECT_EQ(Look(server_endpoint).state, State::kCloseWait);
  client.Reset();
  const StateSample orphan = LookUntil(client_endpoint, State::kFinWait2);
  EXPECT_EQ(orphan.kind, SampleKind::kTimeWait);
  EXPECT_EQ(orphan.timer, "time-wait");
  EXPECT_GT(orphan.expires, std::chrono::seconds(50));
}

TEST_P(SockDiagTest, TimeWaitIsSeenAndTheOtherEndIsClosedThoughThePortListens) {
  Establish();
  client.Reset();
  WaitForEndOfFile(server.get());
  server.Reset();
  const StateSample waiting = Look(client_endpoint);
  EXPECT_EQ(waiting.state, State::kTimeWait);
  EXPECT_EQ(waiting.kind, SampleKind::kTimeWait);
  EXPECT_EQ(waiting.timer, "time-wait");
  EXPECT_GT(waiting.expires, std::chrono::seconds(50));
  EXPECT_LE(waiting.expires, std::chrono::seconds(60));
  EXPECT_EQ(waiting.cookie, client_endpoint.cookie);
  Endpoint another = client_endpoint;
  ++another.cookie;
  EXPECT_EQ(Look(another).state, State::kClosed) << "another incarnation's";
  const StateSample gone = Look(server_endpoint);
  EXPECT_EQ(gone.state, State::kClosed);
  EXPECT_EQ(gone.kind, SampleKind::kNone);
  EXPECT_EQ(gone.cookie, 0U);
}

TEST_P(SockDiagTest, AnotherIncarnationIsNotTheSocketThatWasAskedFor) {
  Establish();
  Endpoint other = client_endpoint;
  ++other.cookie;
  EXPECT_EQ(Look(other).state, State::kClosed);
  other.cookie = 0;
  EXPECT_EQ(Look(other).state, State::kEstablished);
}

TEST_P(SockDiagTest, ListenerIsFoundByItsAddressAndCookieAlsoInAGroup) {
  const Fd first = Listen(GetParam(), true);
  Fd second = Listen(GetParam(), true);
  const Endpoint one = EndpointOf("one", GetParam(), first.get());
  const Endpoint two = EndpointOf("two", GetParam(), second.get());
  EXPECT_EQ(Look(one).state, State::kListen);
  EXPECT_EQ(Look(one).cookie, one.cookie);
  EXPECT_EQ(Look(two).state, State::kListen);
  EXPECT_EQ(Look(two).cookie, two.cookie);
  second.Reset();
  EXPECT_EQ(Look(two).state, State::kClosed);
  EXPECT_EQ(Look(one).state, State::kListen);
}

TEST_P(SockDiagTest, BoundSocketThatDoesNotListenIsClosed) {
  const Fd bound(socket(SocketDomain(GetParam()), SOCK_STREAM | SOCK_CLOEXEC, 0));
  Endpoint endpoint = EndpointOf("bound", GetParam(), bound.get());
  endpoint.local = {LoopbackOf(GetParam()), kPort};
  EXPECT_EQ(Look(endpoint).state, State::kClosed);
}

TEST_P(SockDiagTest, ConnectionWithoutAnswerIsInSynSent) {
  // The accept queue of a backlog of 0 holds one connection; further SYNs are dropped.
  listener = Listen(GetParam());
  listen(listener.get(), 0);
  const Fd queued = Connect(GetParam());
  const Fd waiting = Connect(GetParam(), SOCK_NONBLOCK);
  const Endpoint endpoint = EndpointOf("waiting", GetParam(), waiting.get());
  Endpoint named = endpoint;
  named.remote = SocketAddress{LoopbackOf(GetParam()), kPort};
  const StateSample sample = Look(named);
  EXPECT_EQ(sample.state, State::kSynSent);
  EXPECT_EQ(sample.timer, "retransmit");
}

TEST_P(SockDiagTest, DeferredHandshakeIsARequestInSynReceived) {
  listener = Listen(GetParam());
  const int seconds = 5;
  setsockopt(listener.get(), IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof(seconds));
  client = Connect(GetParam());
  const Endpoint own = EndpointOf("client", GetParam(), client.get());
  const Endpoint mirrored{"server", GetParam(), *own.remote, own.local, 0};
  const StateSample sample = Look(mirrored);
  EXPECT_EQ(sample.state, State::kSynReceived);
  EXPECT_EQ(sample.kind, SampleKind::kRequest);
  EXPECT_NE(sample.cookie, 0U);
  Endpoint another = mirrored;
  another.cookie = sample.cookie + 1;
  EXPECT_EQ(Look(another).state, State::kClosed);

  ASSERT_EQ(send(client.get(), "x", 1, 0), 1);
  server = Fd(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  EXPECT_EQ(EndpointOf("server", GetParam(), server.get()).cookie, sample.cookie);
}

TEST_P(SockDiagTest, DestroyEndsExactlyThisSocket) {
  Establish();
  const Status status = diag_->Destroy(server_endpoint);
  if (!status && status.error().kind == ErrorKind::kUnsupported) {
    GTEST_SKIP() << status.error().message;
  }
  ASSERT_TRUE(status) << status.error().message;
  char byte = 0;
  EXPECT_EQ(recv(server.get(), &byte, 1, 0), -1);
  EXPECT_EQ(errno, ECONNABORTED);
  EXPECT_EQ(recv(client.get(), &byte, 1, 0), -1);
  EXPECT_EQ(errno, ECONNRESET);
  EXPECT_EQ(Look(EndpointOf("listener", GetParam(), listener.get())).state, State::kListen);
}

TEST_P(SockDiagTest, DestroyEndsTimeWait) {
  Establish();
  client.Reset();
  WaitForEndOfFile(server.get());
  server.Reset();
  ASSERT_EQ(Look(client_endpoint).state, State::kTimeWait);
  const Status status = diag_->Destroy(client_endpoint);
  if (!status && status.error().kind == ErrorKind::kUnsupported) {
    GTEST_SKIP() << status.error().message;
  }
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(Look(client_endpoint).state, State::kClosed);
}

TEST_P(SockDiagTest, DestroyOfWhatIsGoneFailsAndSparesTheListener) {
  Establish();
  Endpoint other = server_endpoint;
  ++other.remote->port;
  const Status status = diag_->Destroy(other);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message,
            "cannot destroy the socket of endpoint server: No such file or directory (ENOENT)");
  EXPECT_EQ(Look(EndpointOf("listener", GetParam(), listener.get())).state, State::kListen);
}

TEST_P(SockDiagTest, AThousandSocketsAreSampledInOrder) {
  listener = Listen(GetParam());
  listen(listener.get(), 1000);
  constexpr size_t kCount = 400;
  std::vector<Fd> clients;
  std::vector<Endpoint> endpoints;
  for (size_t i = 0; i < kCount; ++i) {
    clients.push_back(Connect(GetParam()));
    endpoints.push_back(EndpointOf("c" + std::to_string(i + 1), GetParam(), clients.back().get()));
  }
  std::vector<Endpoint> asked;
  for (size_t round = 0; round < 3; ++round) {
    asked.insert(asked.end(), endpoints.begin(), endpoints.end());
  }
  clients[7].Reset();
  LookUntil(endpoints[7], State::kFinWait2);
  const int64_t before_ns = MonotonicNs();
  const auto samples = diag_->Sample(asked);
  RecordProperty("sample_us_of_1200", static_cast<int>((MonotonicNs() - before_ns) / 1000));
  ASSERT_TRUE(samples);
  ASSERT_EQ(samples->size(), asked.size());
  for (size_t i = 0; i < asked.size(); ++i) {
    EXPECT_EQ((*samples)[i].endpoint, asked[i].name);
    EXPECT_EQ((*samples)[i].state, i % kCount == 7 ? State::kFinWait2 : State::kEstablished);
  }
}

}  // namespace
}  // namespace lastack

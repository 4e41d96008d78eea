// The kernel's own word on real sockets of this machine, in a namespace of the test's own.
#include "observe/bpf/kernel_trace.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/fd.h"
#include "base/socket_address.h"
#include "record/fresh_namespace.h"

namespace lastack {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using enum State;

constexpr uint16_t kPort = 8080;

class KernelTraceTest : public testing::Test {
 protected:
  void SetUp() override {
    auto trace = KernelTrace::Load();
    if (!trace) {
      GTEST_SKIP() << trace.error().message;
    }
    trace_ = std::move(*trace);
    ASSERT_TRUE(EnterFreshNamespace());
    const Fd here(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    netns_ = *NetnsIdOf(here.get());
    ASSERT_TRUE(trace_->Watch(netns_));
  }

  // A connection over lo; the client has the given port.
  void Connect(uint16_t client_port) {
    listener = Fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    client = Fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(At(kPort, bind, listener.get()), 0);
    ASSERT_EQ(listen(listener.get(), 1), 0);
    ASSERT_EQ(At(client_port, bind, client.get()), 0);
    ASSERT_EQ(At(kPort, connect, client.get()), 0);
    server = Fd(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    ASSERT_TRUE(server.valid());
  }

  // What became of the socket between these ports: its states, and those of its mini-socket.
  std::vector<State> StatesOf(const Traced& traced, uint16_t local) {
    std::vector<State> states;
    for (const TracedEvent& event : traced.events) {
      const bool tells = event.data.what == TraceKind::kState ||
                         event.data.what == TraceKind::kTimerSet ||
                         event.data.what == TraceKind::kMiniReceived;
      const bool own = event.data.local.port == local && event.data.remote.port != 0;
      const bool ends = event.data.what == TraceKind::kState && event.data.to == kClosed;
      if (own && tells && !ends && (states.empty() || states.back() != event.data.to)) {
        states.push_back(event.data.to);
      }
    }
    return states;
  }

  std::unique_ptr<KernelTrace> trace_;
  NetnsId netns_ = 0;
  Fd listener;
  Fd client;
  Fd server;

 private:
  template <typename Call>
  static int At(uint16_t port, Call call, int fd) {
    sockaddr_storage address{};
    const socklen_t length = ToSockaddr({"127.0.0.1", port}, AF_INET, &address).value_or(0);
    return call(fd, static_cast<const sockaddr*>(static_cast<const void*>(&address)), length);
  }
};

TEST_F(KernelTraceTest, TellsBothEndsOfACloseAndTimeWait) {
  Connect(5000);
  client.Reset();
  std::array<char, 1> byte{};
  ASSERT_EQ(read(server.get(), byte.data(), byte.size()), 0);
  server.Reset();
  const Traced traced = trace_->Take(netns_);
  EXPECT_EQ(traced.lost, 0);
  EXPECT_THAT(StatesOf(traced, 5000),
              ElementsAre(kSynSent, kEstablished, kFinWait1, kFinWait2, kTimeWait));
  EXPECT_THAT(StatesOf(traced, kPort),
              ElementsAre(kSynReceived, kEstablished, kCloseWait, kLastAck));
  EXPECT_THAT(trace_->Take(netns_).events, IsEmpty());
}

TEST_F(KernelTraceTest, SaysWhyARstWasSent) {
  Connect(5001);
  ASSERT_EQ(write(client.get(), "x", 1), 1);
  std::array<char, 1> byte{};
  ASSERT_EQ(recv(server.get(), byte.data(), byte.size(), MSG_PEEK), 1);
  server.Reset();  // with an octet unread
  std::vector<std::string> reasons;
  for (const TracedEvent& event : trace_->Take(netns_).events) {
    if (event.data.what == TraceKind::kRstSent) {
      reasons.push_back(event.data.reason);
      EXPECT_EQ(event.data.local.port, kPort);
    }
  }
  if (trace_->blind_spots().empty()) {
    EXPECT_THAT(reasons, ElementsAre("TCP_ABORT_ON_CLOSE"));
  }
}

// A segment that a socket deals with has lost its device by then.
TEST_F(KernelTraceTest, TellsTheRstOfASocketThatIsNotReadAnyMore) {
  Connect(5003);
  ASSERT_EQ(shutdown(server.get(), SHUT_RDWR), 0);
  ASSERT_EQ(write(client.get(), "x", 1), 1);
  std::vector<std::string> reasons;
  for (const TracedEvent& event : trace_->Take(netns_).events) {
    if (event.data.what == TraceKind::kRstSent) {
      reasons.push_back(event.data.reason);
      EXPECT_EQ(event.data.remote.port, 5003);
    }
  }
  if (trace_->blind_spots().empty()) {
    EXPECT_THAT(reasons, ElementsAre("TCP_ABORT_ON_DATA"));
  }
}

TEST_F(KernelTraceTest, WhatIsNotWatchedIsNotTold) {
  trace_->Forget(netns_);
  Connect(5002);
  EXPECT_THAT(trace_->Take(netns_).events, IsEmpty());
}

}  // namespace
}  // namespace lastack

// Drives the built lastack-peer over its control descriptor; its sockets are on the loopback
// device.
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <csignal>

#include <gtest/gtest.h>

#include "peer/peer_driver.h"

namespace lastack {
namespace {

using nlohmann::json;

class PeerTest : public testing::Test {
 protected:
  // The endpoints listener, client and server: a connection of `peer` with itself.
  static void ConnectTo(PeerDriver* peer) {
    const json listener = Listen(peer);
    peer->Call({{"call", "connect"}, {"as", {"client"}}, {"to", listener["socket"]["local"]}});
    const json accepted =
        peer->Call({{"call", "accept"}, {"on", {"listener"}}, {"as", {"server"}}});
    ASSERT_EQ(accepted[0]["value"], 0) << accepted;
  }

  static json Listen(PeerDriver* peer) {
    return peer->Call({{"call", "listen"},
                       {"as", "listener"},
                       {"family", "v4"},
                       {"address", {"127.0.0.1", 0}},
                       {"backlog", 16}})[0];
  }

  // A blocked accept: `started` has come, and the kernel has had the time to enter accept(2) once
  // another call is done.
  static int StartAccept(PeerDriver* peer) {
    const int id = peer->Send({{"call", "accept"}, {"on", {"listener"}}, {"as", {"server"}}});
    EXPECT_FALSE(peer->Await(id, "started").is_null());
    return id;
  }
};

void ExpectTwoEnds(const json& client, const json& server) {
  EXPECT_EQ(client["socket"]["local"], server["socket"]["remote"]);
  EXPECT_EQ(client["socket"]["remote"], server["socket"]["local"]);
  EXPECT_NE(client["socket"]["cookie"], server["socket"]["cookie"]);
  EXPECT_LT(client["t0"], client["t1"]);
}

TEST_F(PeerTest, BeginsWithHello) {
  PeerDriver peer;
  const json hello = peer.Next();
  EXPECT_EQ(hello["event"], "hello");
  EXPECT_EQ(hello["protocol"], "lastack.peer/1");
  EXPECT_EQ(hello["pid"], peer.Pid());
}

TEST_F(PeerTest, ConnectAndAcceptDescribeTheSameConnection) {
  PeerDriver peer;
  const json to = Listen(&peer)["socket"]["local"];
  const json client = peer.Call({{"call", "connect"}, {"as", {"c1", "c2"}}, {"to", to}});
  const json server = peer.Call({{"call", "accept"}, {"on", {"listener"}}, {"as", {"s1", "s2"}}});
  ASSERT_EQ(client.size(), 2);
  ASSERT_EQ(server.size(), 2);
  ExpectTwoEnds(client[0], server[0]);
  ExpectTwoEnds(client[1], server[1]);
  EXPECT_EQ(client[1]["socket"]["name"], "c2");
}

TEST_F(PeerTest, BlockedAcceptLetsLaterCallsOvertake) {
  PeerDriver peer;
  const json to = Listen(&peer)["socket"]["local"];
  const int accept = StartAccept(&peer);
  const json client = peer.Call({{"call", "connect"}, {"as", {"client"}}, {"to", to}});
  EXPECT_EQ(client[0]["value"], 0);
  EXPECT_EQ(peer.Await(accept, "finished")["results"][0]["value"], 0);
}

TEST_F(PeerTest, ErrorsHaveErrnoNamesAndTheCallThatFailed) {
  PeerDriver peer;
  const json taken = Listen(&peer)["socket"]["local"];
  const json again =
      peer.Call({{"call", "listen"}, {"as", "second"}, {"address", taken}, {"backlog", 1}});
  EXPECT_EQ(again[0]["error"], "EADDRINUSE");
  EXPECT_EQ(again[0]["failed_call"], "bind");
  peer.Call({{"call", "close"}, {"on", {"listener"}}});
  const json refused = peer.Call({{"call", "connect"}, {"as", {"client"}}, {"to", taken}});
  EXPECT_EQ(refused[0]["error"], "ECONNREFUSED");
  // What a failed call made is gone: its name is free.
  EXPECT_EQ(peer.Call({{"call", "bind"}, {"as", "client"}, {"address", taken}})[0]["value"], 0);
}

TEST_F(PeerTest, RequestsThatCannotBeCarriedOutFail) {
  PeerDriver peer;
  const auto message = [&peer](const json& request) {
    const json failed = peer.Await(peer.Send(request), "failed");
    return failed.is_null() ? "" : failed.value("message", "");
  };
  EXPECT_EQ(message({{"call", "frobnicate"}}), "unknown call frobnicate");
  EXPECT_EQ(message({{"call", "close"}, {"on", {"nobody"}}}), "there is no endpoint nobody");
  EXPECT_EQ(message({{"call", "accept"}, {"as", {"server"}}}),
            "wrong number of endpoints in \"on\" of accept");
  EXPECT_EQ(message({{"call", "connect"}, {"as", {"client"}}}), "connect without \"to\"");
  EXPECT_NE(message({{"call", "listen"}, {"as", 5}}), "");
}

TEST_F(PeerTest, PatternGoesOnOverSeveralCalls) {
  PeerDriver peer;
  ConnectTo(&peer);
  const json send = {{"call", "send"}, {"on", {"client", "client"}}, {"bytes", 1000}};
  EXPECT_EQ(peer.Call(send)[1]["value"], 1000);
  const json recv = {{"call", "recv"}, {"on", {"server", "server", "server"}}, {"bytes", 500}};
  const json received = peer.Call(recv);
  EXPECT_EQ(received[2]["value"], 500);
  EXPECT_FALSE(received[2].contains("error")) << received;
}

TEST_F(PeerTest, ForeignBytesAreBadMessages) {
  PeerDriver peer;
  ConnectTo(&peer);
  const int id = peer.Send({{"call", "send_socket"}, {"on", {"client"}}});
  ASSERT_FALSE(peer.Await(id, "finished").is_null());
  const Fd client = peer.TakeDescriptor();
  ASSERT_EQ(send(client.get(), "x", 1, MSG_NOSIGNAL), 1);
  const json received = peer.Call({{"call", "recv"}, {"on", {"server"}}});
  EXPECT_EQ(received[0]["error"], "EBADMSG");
  EXPECT_EQ(received[0]["value"], 1);
}

TEST_F(PeerTest, UntilFullThenUntilEofMovesEveryByte) {
  PeerDriver peer;
  ConnectTo(&peer);
  const json sent = peer.Call({{"call", "send"}, {"on", {"client"}}, {"until_full", true}});
  EXPECT_GT(sent[0]["value"], 10000);
  EXPECT_FALSE(sent[0].contains("error"));
  const json poll =
      peer.Call({{"call", "poll"}, {"on", {"client"}}, {"events", {"out"}}, {"timeout", 1000000}});
  EXPECT_EQ(poll[0]["value"], 0);
  peer.Call({{"call", "close"}, {"on", {"client"}}});
  const json received = peer.Call({{"call", "recv"}, {"on", {"server"}}, {"until_eof", true}});
  EXPECT_EQ(received[0]["value"], sent[0]["value"]);
  EXPECT_EQ(received[0]["eof"], true);
}

TEST_F(PeerTest, ErrorAfterBytesHasBoth) {
  PeerDriver peer;
  ConnectTo(&peer);
  peer.Call({{"call", "send"}, {"on", {"client"}}, {"bytes", 5}});
  const json options = json::array({json::array({"SO_LINGER", {1, 0}})});
  peer.Call({{"call", "set"}, {"on", {"client"}}, {"options", options}});
  const json linger = peer.Call({{"call", "get"}, {"on", {"client"}}, {"option", "SO_LINGER"}});
  EXPECT_EQ(linger[0]["value"], 1);
  EXPECT_EQ(linger[0]["seconds"], 0);
  peer.Call({{"call", "close"}, {"on", {"client"}}});
  const json received = peer.Call({{"call", "recv"}, {"on", {"server"}}, {"until_eof", true}});
  EXPECT_EQ(received[0]["error"], "ECONNRESET");
  EXPECT_EQ(received[0]["value"], 5);
}

TEST_F(PeerTest, PollNamesWhatIsReady) {
  PeerDriver peer;
  ConnectTo(&peer);
  peer.Call({{"call", "shutdown"}, {"on", {"client"}}, {"how", "wr"}});
  const json ready =
      peer.Call({{"call", "poll"}, {"on", {"server", "client"}}, {"events", {"in", "rdhup"}}});
  EXPECT_EQ(ready[0]["value"], 1);
  EXPECT_EQ(ready[0]["events"], json({"in", "rdhup"}));
}

TEST_F(PeerTest, OnlyTheLastDescriptorCloses) {
  PeerDriver peer;
  ConnectTo(&peer);
  const json copy = peer.Call({{"call", "dup"}, {"on", {"client"}}, {"as", {"copy"}}});
  EXPECT_EQ(copy[0]["socket"]["name"], "copy");
  const json quiet = {
      {"call", "poll"}, {"on", {"server"}}, {"events", {"rdhup"}}, {"timeout", 20000000}};
  peer.Call({{"call", "close"}, {"on", {"client"}}});
  EXPECT_EQ(peer.Call(quiet)[0]["value"], 0);
  peer.Call({{"call", "close"}, {"on", {"copy"}}});
  EXPECT_EQ(peer.Call(quiet)[0]["value"], 1);
}

TEST_F(PeerTest, ForkedPeerHoldsEverySocketAndNoOther) {
  prctl(PR_SET_CHILD_SUBREAPER,
        1);  // NOLINT(*-vararg): the child is to be adopted here, as by a host
  PeerDriver parent;
  ConnectTo(&parent);
  const int blocked = parent.Send({{"call", "accept"}, {"on", {"listener"}}, {"as", {"server2"}}});
  const int id = parent.Send({{"call", "fork"}, {"as", "child"}});
  const json forked = parent.Await(id, "forked");
  EXPECT_EQ(forked["as"], "child");
  EXPECT_EQ(parent.Await(id, "finished")["results"][0]["value"], forked["pid"]);
  {
    PeerDriver child(parent.TakeDescriptor(), forked["pid"]);
    const json hello = child.Next();
    EXPECT_EQ(hello["event"], "hello");
    EXPECT_EQ(hello["pid"], forked["pid"]);
    // No FIN before both have closed it.
    const json quiet = {
        {"call", "poll"}, {"on", {"server"}}, {"events", {"rdhup"}}, {"timeout", 20000000}};
    parent.Call({{"call", "close"}, {"on", {"client"}}});
    EXPECT_EQ(parent.Call(quiet)[0]["value"], 0);
    child.Call({{"call", "send"}, {"on", {"client"}}, {"bytes", 10}});
    child.Call({{"call", "close"}, {"on", {"client"}}});
    EXPECT_EQ(parent.Call(quiet)[0]["value"], 1);
    // The end of the parent's control connection must not be held open by the child, nor the
    // reverse.
    const int exit = child.Send({{"call", "exit"}, {"code", 3}});
    EXPECT_FALSE(child.Await(exit, "started").is_null());
    EXPECT_TRUE(child.Next().is_null());
    int status = 0;
    EXPECT_EQ(waitpid(child.Pid(), &status, 0), child.Pid());
    EXPECT_EQ(WEXITSTATUS(status), 3);
  }
  kill(parent.Pid(), SIGKILL);
  EXPECT_TRUE(parent.Await(blocked, "finished").is_null());
}

TEST_F(PeerTest, PassedListenerOutlivesItsFirstOwner) {
  PeerDriver old;
  const json to = Listen(&old)["socket"]["local"];
  const int id = old.Send({{"call", "send_socket"}, {"on", {"listener"}}});
  ASSERT_EQ(old.Await(id, "finished")["results"][0]["value"], 0);
  ASSERT_FALSE(old.Await(id, "socket").is_null());
  PeerDriver successor;
  {
    const Fd passed = old.TakeDescriptor();
    ASSERT_TRUE(passed.valid());
    const json received =
        successor.Call({{"call", "receive_socket"}, {"as", {"listener"}}}, passed.get());
    EXPECT_EQ(received[0]["socket"]["local"], to);
  }
  EXPECT_EQ(WEXITSTATUS(([&] {
              old.Send({{"call", "exit"}, {"code", 0}});
              return old.AwaitEnd();
            }())),
            0);
  EXPECT_EQ(successor.Call({{"call", "connect"}, {"as", {"client"}}, {"to", to}})[0]["value"], 0);
  const json accepted =
      successor.Call({{"call", "accept"}, {"on", {"listener"}}, {"as", {"server"}}});
  EXPECT_EQ(accepted[0]["value"], 0);
}

TEST_F(PeerTest, PatternGoesOnWhenAConnectionIsPassed) {
  PeerDriver old;
  ConnectTo(&old);
  old.Call({{"call", "send"}, {"on", {"client", "server"}}, {"bytes", 100}});
  old.Call({{"call", "recv"}, {"on", {"client", "server"}}, {"bytes", 100}});
  old.Call({{"call", "send_socket"}, {"on", {"client"}}});
  PeerDriver successor;
  successor.Call({{"call", "receive_socket"}, {"as", {"client"}}}, old.TakeDescriptor().get());
  successor.Call({{"call", "send"}, {"on", {"client"}}, {"bytes", 50}});
  const json sent_on = old.Call({{"call", "recv"}, {"on", {"server"}}, {"bytes", 50}});
  EXPECT_FALSE(sent_on[0].contains("error")) << sent_on;
  old.Call({{"call", "send"}, {"on", {"server"}}, {"bytes", 50}});
  const json received = successor.Call({{"call", "recv"}, {"on", {"client"}}, {"bytes", 50}});
  EXPECT_FALSE(received[0].contains("error")) << received;
}

TEST_F(PeerTest, ReceiveSocketWithoutOneIsAnError) {
  PeerDriver peer;
  EXPECT_EQ(peer.Call({{"call", "receive_socket"}, {"as", {"s"}}})[0]["error"], "EBADF");
}

TEST_F(PeerTest, DiesOfSigtermByDefault) {
  PeerDriver peer;
  ConnectTo(&peer);
  kill(peer.Pid(), SIGTERM);
  const int status = peer.AwaitEnd();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) << status;
}

TEST_F(PeerTest, CloseHandlerClosesAndDiesOfTheSignal) {
  PeerDriver peer("close");
  PeerDriver client;
  const json to = Listen(&peer)["socket"]["local"];
  client.Call({{"call", "connect"}, {"as", {"client"}}, {"to", to}});
  peer.Call({{"call", "accept"}, {"on", {"listener"}}, {"as", {"server"}}});
  kill(peer.Pid(), SIGTERM);
  const int status = peer.AwaitEnd();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) << status;
  EXPECT_EQ(client.Call({{"call", "recv"}, {"on", {"client"}}})[0]["eof"], true);
}

TEST_F(PeerTest, GracefulStopsListeningAndWaitsForItsClients) {
  PeerDriver server("graceful");
  PeerDriver client;
  const json to = Listen(&server)["socket"]["local"];
  client.Call({{"call", "connect"}, {"as", {"client"}}, {"to", to}});
  server.Call({{"call", "accept"}, {"on", {"listener"}}, {"as", {"server1"}}});
  const int blocked = StartAccept(&server);
  kill(server.Pid(), SIGTERM);
  // The blocked accept fails, and a newcomer is refused, while the connection lives on.
  EXPECT_TRUE(server.Await(blocked, "finished")["results"][0].contains("error"));
  const json refused = client.Call({{"call", "connect"}, {"as", {"late"}}, {"to", to}});
  EXPECT_EQ(refused[0]["error"], "ECONNREFUSED");
  EXPECT_EQ(server.Call({{"call", "send"}, {"on", {"server1"}}, {"bytes", 9}})[0]["value"], 9);
  EXPECT_EQ(client.Call({{"call", "recv"}, {"on", {"client"}}, {"bytes", 9}})[0]["value"], 9);
  client.Call({{"call", "send"}, {"on", {"client"}}, {"bytes", 1000}});
  client.Call({{"call", "shutdown"}, {"on", {"client"}}, {"how", "wr"}});
  EXPECT_EQ(server.AwaitEnd(), 0);
  // A FIN, no RST: what the client had sent was read before the close.
  EXPECT_EQ(client.Call({{"call", "recv"}, {"on", {"client"}}})[0]["eof"], true);
}

TEST_F(PeerTest, EndOfControlEndsABlockedPeer) {
  auto peer = std::make_unique<PeerDriver>();
  Listen(peer.get());
  StartAccept(peer.get());
  const pid_t pid = peer->Pid();
  peer.reset();  // waits for the end, and kills only after five seconds
  EXPECT_EQ(kill(pid, 0), -1);
}

}  // namespace
}  // namespace lastack

// Drives the built lastack-peer over its control descriptor; its sockets are on the loopback
// device.
#include <sys/socket.h>

#include <gtest/gtest.h>

#include "peer/peer_driver.h"

namespace lastack {
namespace {

using nlohmann::json;

void ExpectTwoEnds(const json& client, const json& server) {
  EXPECT_EQ(client["socket"]["local"], server["socket"]["remote"]);
  EXPECT_EQ(client["socket"]["remote"], server["socket"]["local"]);
  EXPECT_NE(client["socket"]["cookie"], server["socket"]["cookie"]);
  EXPECT_LT(client["t0"], client["t1"]);
}

TEST(Peer, BeginsWithHello) {
  PeerDriver peer;
  const json hello = peer.Next();
  EXPECT_EQ(hello["event"], "hello");
  EXPECT_EQ(hello["protocol"], "lastack.peer/1");
  EXPECT_EQ(hello["pid"], peer.Pid());
}

TEST(Peer, ConnectAndAcceptDescribeTheSameConnection) {
  PeerDriver peer;
  const json to = peer.Listen()["socket"]["local"];
  const json client = peer.Call({{"call", "connect"}, {"as", {"c1", "c2"}}, {"to", to}});
  const json server = peer.Call({{"call", "accept"}, {"on", {"listener"}}, {"as", {"s1", "s2"}}});
  ASSERT_EQ(client.size(), 2);
  ASSERT_EQ(server.size(), 2);
  ExpectTwoEnds(client[0], server[0]);
  ExpectTwoEnds(client[1], server[1]);
  EXPECT_EQ(client[1]["socket"]["name"], "c2");
}

TEST(Peer, BlockedAcceptLetsLaterCallsOvertake) {
  PeerDriver peer;
  const json to = peer.Listen()["socket"]["local"];
  const int accept = peer.StartAccept();
  const json client = peer.Call({{"call", "connect"}, {"as", {"client"}}, {"to", to}});
  EXPECT_EQ(client[0]["value"], 0);
  EXPECT_EQ(peer.Await(accept, "finished")["results"][0]["value"], 0);
}

TEST(Peer, ErrorsHaveErrnoNamesAndTheCallThatFailed) {
  PeerDriver peer;
  const json taken = peer.Listen()["socket"]["local"];
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

TEST(Peer, RequestsThatCannotBeCarriedOutFail) {
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

TEST(Peer, PatternGoesOnOverSeveralCalls) {
  PeerDriver peer;
  peer.ConnectToItself();
  const json send = {{"call", "send"}, {"on", {"client", "client"}}, {"bytes", 1000}};
  EXPECT_EQ(peer.Call(send)[1]["value"], 1000);
  const json recv = {{"call", "recv"}, {"on", {"server", "server", "server"}}, {"bytes", 500}};
  const json received = peer.Call(recv);
  EXPECT_EQ(received[2]["value"], 500);
  EXPECT_FALSE(received[2].contains("error")) << received;
}

TEST(Peer, ForeignBytesAreBadMessages) {
  PeerDriver peer;
  peer.ConnectToItself();
  const int id = peer.Send({{"call", "send_socket"}, {"on", {"client"}}});
  ASSERT_FALSE(peer.Await(id, "finished").is_null());
  const Fd client = peer.TakeDescriptor();
  ASSERT_EQ(send(client.get(), "x", 1, MSG_NOSIGNAL), 1);
  const json received = peer.Call({{"call", "recv"}, {"on", {"server"}}});
  EXPECT_EQ(received[0]["error"], "EBADMSG");
  EXPECT_EQ(received[0]["value"], 1);
}

TEST(Peer, UntilFullThenUntilEofMovesEveryByte) {
  PeerDriver peer;
  peer.ConnectToItself();
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

TEST(Peer, ErrorAfterBytesHasBoth) {
  PeerDriver peer;
  peer.ConnectToItself();
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

TEST(Peer, PollNamesWhatIsReady) {
  PeerDriver peer;
  peer.ConnectToItself();
  peer.Call({{"call", "shutdown"}, {"on", {"client"}}, {"how", "wr"}});
  const json ready =
      peer.Call({{"call", "poll"}, {"on", {"server", "client"}}, {"events", {"in", "rdhup"}}});
  EXPECT_EQ(ready[0]["value"], 1);
  EXPECT_EQ(ready[0]["events"], json({"in", "rdhup"}));
}

TEST(Peer, OnlyTheLastDescriptorCloses) {
  PeerDriver peer;
  peer.ConnectToItself();
  const json copy = peer.Call({{"call", "dup"}, {"on", {"client"}}, {"as", {"copy"}}});
  EXPECT_EQ(copy[0]["socket"]["name"], "copy");
  const json quiet = {
      {"call", "poll"}, {"on", {"server"}}, {"events", {"rdhup"}}, {"timeout", 20000000}};
  peer.Call({{"call", "close"}, {"on", {"client"}}});
  EXPECT_EQ(peer.Call(quiet)[0]["value"], 0);
  peer.Call({{"call", "close"}, {"on", {"copy"}}});
  EXPECT_EQ(peer.Call(quiet)[0]["value"], 1);
}

}  // namespace
}  // namespace lastack

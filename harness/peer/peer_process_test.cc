// What lastack-peer does as a process: fork, passing sockets, SIGTERM, the end of its control
// connection.
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "peer/peer_driver.h"

namespace lastack {
namespace {

using nlohmann::json;

int OpenBesideStandardStreams(pid_t pid) {
  int count = 0;
  const std::string directory = "/proc/" + std::to_string(pid) + "/fd";
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    count += std::stoi(entry.path().filename()) > STDERR_FILENO ? 1 : 0;
  }
  return count;
}

TEST(PeerProcess, ForkedPeerHoldsEverySocketAndNoOther) {
  // The child is to be adopted here, as by a host.
  prctl(PR_SET_CHILD_SUBREAPER, 1);  // NOLINT(*-vararg)
  PeerDriver parent;
  parent.ConnectToItself();
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
    EXPECT_EQ(OpenBesideStandardStreams(child.Pid()), 4);  // three sockets and its control end
    // No FIN before both have closed it.
    const json quiet = {
        {"call", "poll"}, {"on", {"server"}}, {"events", {"rdhup"}}, {"timeout", 20000000}};
    parent.Call({{"call", "close"}, {"on", {"client"}}});
    EXPECT_EQ(parent.Call(quiet)[0]["value"], 0);
    child.Call({{"call", "send"}, {"on", {"client"}}, {"bytes", 10}});
    child.Call({{"call", "close"}, {"on", {"client"}}});
    EXPECT_EQ(parent.Call(quiet)[0]["value"], 1);
    const int exit = child.Send({{"call", "exit"}, {"code", 3}});
    EXPECT_TRUE(child.Await(exit, "finished").is_null());
    int status = 0;
    EXPECT_EQ(waitpid(child.Pid(), &status, 0), child.Pid());
    EXPECT_EQ(WEXITSTATUS(status), 3);
  }
  kill(parent.Pid(), SIGKILL);
  EXPECT_TRUE(parent.Await(blocked, "finished").is_null());
}

TEST(PeerProcess, PassedListenerOutlivesItsFirstOwner) {
  PeerDriver old;
  const json to = old.Listen()["socket"]["local"];
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

TEST(PeerProcess, PatternGoesOnWhenAConnectionIsPassed) {
  PeerDriver old;
  old.ConnectToItself();
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

TEST(PeerProcess, ReceiveSocketWithoutOneIsAnError) {
  PeerDriver peer;
  EXPECT_EQ(peer.Call({{"call", "receive_socket"}, {"as", {"s"}}})[0]["error"], "EBADF");
}

TEST(PeerProcess, DiesOfSigtermByDefault) {
  PeerDriver peer;
  peer.ConnectToItself();
  kill(peer.Pid(), SIGTERM);
  const int status = peer.AwaitEnd();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) << status;
}

TEST(PeerProcess, CloseHandlerClosesAndDiesOfTheSignal) {
  PeerDriver peer("close");
  PeerDriver client;
  const json to = peer.Listen()["socket"]["local"];
  client.Call({{"call", "connect"}, {"as", {"client"}}, {"to", to}});
  peer.Call({{"call", "accept"}, {"on", {"listener"}}, {"as", {"server"}}});
  kill(peer.Pid(), SIGTERM);
  const int status = peer.AwaitEnd();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) << status;
  EXPECT_EQ(client.Call({{"call", "recv"}, {"on", {"client"}}})[0]["eof"], true);
}

TEST(PeerProcess, GracefulStopsListeningAndWaitsForItsClients) {
  PeerDriver server("graceful");
  PeerDriver client;
  const json to = server.Listen()["socket"]["local"];
  client.Call({{"call", "connect"}, {"as", {"client"}}, {"to", to}});
  server.Call({{"call", "accept"}, {"on", {"listener"}}, {"as", {"server1"}}});
  const int blocked = server.StartAccept();
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

TEST(PeerProcess, EndOfControlEndsABlockedPeer) {
  auto peer = std::make_unique<PeerDriver>();
  peer->Listen();
  peer->StartAccept();
  const pid_t pid = peer->Pid();
  peer.reset();  // waits for the end, and kills only after five seconds
  EXPECT_EQ(kill(pid, 0), -1);
}

}  // namespace
}  // namespace lastack

// What the link does to all frames, and which connection a name is.
#include "wire/engine.h"

#include <chrono>

#include <gmock/gmock.h>

#include "wire/engine_fixture.h"

namespace lastack {
namespace {

using std::chrono::milliseconds;

class Connections : public EngineTest {
 protected:
  void Name(const std::string& name, uint16_t client_port) {
    engine_.NameConnection(
        name, {{"10.77.0.2", 8080}, {"10.77.0.1", client_port}}, NowNs(), &effects_);
  }
  static SegmentMatch FinOf(const std::string& connection) {
    SegmentMatch match{.flags = "FIN"};
    match.connection = connection;
    return match;
  }
};

TEST_F(Connections, ARuleForOneLeavesTheOthersAlone) {
  Add(Drop("lose", FinOf("c2")));
  Name("c1", 50001);
  Name("c2", 50002);
  for (const uint16_t port : {uint16_t{50001}, uint16_t{50002}, uint16_t{50003}}) {
    NewConnection(port);
    Handshake();
    Send(kClient, "FIN,ACK");
    EXPECT_EQ(Happened(), port == 50002 ? "" : "> FIN,ACK") << port;
  }
}

TEST_F(Connections, PortZeroIsTheLatest) {
  Name("c", 0);
  Add(Drop("lose", FinOf("c")));
  NewConnection(50001);
  Handshake();
  const std::vector<uint8_t> fin = Next(kClient, "FIN,ACK");
  NewConnection(50002);
  Handshake();
  engine_.OnFrame(kClient, fin, NowNs(), &effects_);
  EXPECT_EQ(Happened(), "> FIN,ACK") << "it was the latest once";
  Send(kClient, "FIN,ACK");
  EXPECT_EQ(Happened(), "");
}

TEST_F(Connections, ANameThatComesLateCountsWhatCameBefore) {
  SegmentMatch acks{.from = "client", .flags = "ACK", .only = true};
  acks.connection = "c";
  Add(Drop("second", Nth(acks, 2, 2)));
  Add(HoldUntil("wait", kServerFin, FinOf("c")));
  Handshake();
  Send(kClient, "FIN,ACK");
  Send(kServer, "FIN,ACK");
  EXPECT_EQ(Happened(), "> FIN,ACK") << "c is not known yet";
  Name("c", 40000);
  EXPECT_EQ(Happened(), "< FIN,ACK");
  Send(kClient, "ACK");
  EXPECT_EQ(Happened(), "") << "the handshake's was the first";
}

TEST_F(Connections, ANameThatComesLateDoesNotLetASegmentPassBehindItself) {
  Add(Behind("swap", kServerFin, FinOf("c")));
  Handshake();
  Send(kServer, "FIN,ACK");
  Name("c", 40000);
  EXPECT_EQ(Happened(), "");
  Send(kClient, "FIN,ACK");
  EXPECT_EQ(Happened(), "> FIN,ACK, < FIN,ACK");
}

TEST_F(Connections, AReusedPairOfAddressesIsTheLatestAgain) {
  Name("c", 0);
  Add(Drop("lose", FinOf("c")));
  for (const uint16_t port : {uint16_t{50001}, uint16_t{50002}}) {
    NewConnection(port);
    Handshake();
  }
  NewConnection(50001);
  sent_ = {5'000'000, 6'000'000};
  Handshake();
  Send(kClient, "FIN,ACK");
  EXPECT_EQ(Happened(), "");
}

class Link : public EngineTest {};

TEST_F(Link, DelayKeepsTheOrder) {
  engine_.SetDelay(milliseconds(100));
  Send(kClient, "SYN");
  Tick(60);
  engine_.SetDelay(milliseconds(10));
  Send(kClient, "ACK");
  Tick(39);
  EXPECT_EQ(Happened(), "");
  Tick(1);
  EXPECT_EQ(Happened(), "> SYN, > ACK") << "a shorter delay does not overtake";
  Send(kClient, "FIN,ACK");
  engine_.SetDelay(Duration::zero());
  Send(kClient, "RST");
  EXPECT_EQ(Happened(), "") << "nor does none";
  Tick(10);
  EXPECT_EQ(Happened(), "> FIN,ACK, > RST");
  EXPECT_EQ(Decided(), "");
}

TEST_F(Link, DelayComesOnTopOfARulesDelay) {
  engine_.SetDelay(milliseconds(100));
  Add(DelayBy("slow", kClientFin, milliseconds(20)));
  Send(kClient, "FIN,ACK");
  Tick(20);
  EXPECT_EQ(Decided(), "held slow FIN,ACK, released slow FIN,ACK");
  Tick(99);
  EXPECT_EQ(Happened(), "");
  Tick(1);
  EXPECT_EQ(Happened(), "> FIN,ACK");
}

TEST_F(Link, CutLosesEverythingAndMendDoesNotBringItBack) {
  Handshake();
  Add(HoldUntilStep("keep", kServerFin, 9));
  Send(kServer, "FIN,ACK");
  engine_.SetDelay(milliseconds(100));
  Send(kClient, "PSH,ACK", 7);
  Decided();
  engine_.Cut(NowNs(), &effects_);
  EXPECT_EQ(Decided(), "cut PSH,ACK, cut FIN,ACK");
  Send(kClient, "ACK");
  const std::vector<uint8_t> arp(60, 0xff);
  engine_.OnFrame(kClient, arp, NowNs(), &effects_);
  Tick(1000);
  engine_.Mend();
  engine_.BeginStep(9, NowNs(), &effects_);
  Tick(1000);
  EXPECT_EQ(Happened(), "");
  EXPECT_EQ(Decided(), "cut ACK");
  engine_.SetDelay(Duration::zero());
  Send(kClient, "ACK");
  EXPECT_EQ(Happened(), "> ACK");
}

TEST_F(Link, WhatIsLostWhileCutFulfilsNoSees) {
  Handshake();
  Add(HoldUntil("wait", kServerFin, kClientFin));
  Send(kServer, "FIN,ACK");
  engine_.Cut(NowNs(), &effects_);
  Send(kClient, "FIN,ACK");
  engine_.Mend();
  Resend(kServer);
  EXPECT_EQ(Happened(), "");
  Resend(kClient);
  EXPECT_EQ(Happened(), "> FIN,ACK, < FIN,ACK");
}

TEST_F(Link, OtherFramesMatchNoRule) {
  Add(Drop("all", {}));
  const std::vector<uint8_t> arp(60, 0xff);
  engine_.OnFrame(kServer, arp, NowNs(), &effects_);
  EXPECT_EQ(Happened(), "< no segment");
  EXPECT_EQ(engine_.Counts().at("all"), 0);
}

}  // namespace
}  // namespace lastack

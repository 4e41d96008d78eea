// Which segments make one connection: reused addresses, SYNs that cross, SYNs that nobody sent.
#include "judge/wire_connections.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "judge/judging_test.h"

namespace lastack {
namespace {

using judging::Sent;
using testing::SizeIs;

constexpr Flags kSyn{.syn = true};
constexpr Flags kSynAck{.syn = true, .ack = true};
constexpr Flags kAck{.ack = true};

SeenSegment Received(SeenSegment seen) {
  seen.host = seen.host == "client" ? "server" : "client";
  seen.sent = false;
  return seen;
}

SeenSegment Injected(SeenSegment seen) {
  seen = Received(seen);
  seen.injected = true;
  return seen;
}

// Of each segment the sending and the arrival.
SeenSegments BothEnds(const SeenSegments& sent) {
  SeenSegments seen;
  for (const SeenSegment& segment : sent) {
    seen.push_back(segment);
    seen.push_back(Received(segment));
  }
  return seen;
}

const SeenSegments kOpening = {Sent("client", kSyn, 100, 0),
                               Sent("server", kSynAck, 500, 101),
                               Sent("client", kAck, 101, 501)};

TEST(FindConnections, NumbersCountFromTheSyn) {
  SeenSegments segments = BothEnds(kOpening);
  const auto connections = FindConnections(&segments);
  ASSERT_THAT(connections, SizeIs(1));
  EXPECT_EQ(segments[0].relative_seq, 0U);
  EXPECT_EQ(segments[4].relative_seq, 1U);
}

TEST(FindConnections, ASynWithANewNumberBeginsAnother) {
  SeenSegments sent = kOpening;
  sent.push_back(Sent("client", kSyn, 7100, 0));
  SeenSegments segments = BothEnds(sent);
  EXPECT_THAT(FindConnections(&segments), SizeIs(2));
}

TEST(FindConnections, SynsThatCrossAreOneConnection) {
  const SeenSegment client = Sent("client", kSyn, 100, 0);
  const SeenSegment server = Sent("server", kSyn, 500, 0);
  SeenSegments segments = {client, server, Received(client), Received(server)};
  for (const SeenSegment& seen :
       BothEnds({Sent("server", kSynAck, 500, 101), Sent("client", kSynAck, 100, 501)})) {
    segments.push_back(seen);
  }
  const auto connections = FindConnections(&segments);
  ASSERT_THAT(connections, SizeIs(1));
  EXPECT_EQ(connections[0].crossing_sequence, 500U);
  EXPECT_EQ(segments[3].relative_seq, 0U);
}

TEST(FindConnections, AnInjectedSynBeginsOneOnlyIfItIsAnswered) {
  SeenSegments segments = BothEnds(kOpening);
  segments.push_back(Injected(Sent("client", kSyn, 7100, 0)));
  segments.push_back(Sent("server", kAck, 501, 101));  // a challenge ACK
  EXPECT_THAT(FindConnections(&segments), SizeIs(1));
  segments.push_back(Sent("server", kSynAck, 9000, 7101));
  EXPECT_THAT(FindConnections(&segments), SizeIs(2));
}

}  // namespace
}  // namespace lastack

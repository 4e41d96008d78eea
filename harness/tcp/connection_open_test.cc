// How connections begin: handshakes that succeed and fail, and traces that begin in the middle.
#include <vector>

#include "tcp/connection.h"
#include "tcp/trace_dsl.h"

namespace lastack::trace {
namespace {

TEST(Connection, ActiveOpen) {
  EXPECT_EQ(History(Replay(Established().trace)),
            "SYN-SENT (sent SYN), ESTABLISHED (received SYN,ACK)");
}

TEST(Connection, PassiveOpenShowsWithTheSynAckSent) {
  EXPECT_EQ(After(Fresh(), {In("SYN seq=300")}), "");
  EXPECT_EQ(History(Replay(SynReceived().trace + In("ACK seq=301 ack=101"))),
            "SYN-RECEIVED (sent SYN,ACK), ESTABLISHED (received ACK of SYN)");
}

TEST(Connection, SimultaneousOpen) {
  EXPECT_EQ(History(Replay(SimultaneousOpen().trace + In("SYN,ACK seq=300 ack=101"))),
            "SYN-SENT (sent SYN), SYN-RECEIVED (received SYN), ESTABLISHED (received ACK of SYN)");
}

TEST(Connection, SynSentRefused) {
  EXPECT_EQ(After(SynSent(), {In("RST,ACK seq=0 ack=101")}), "CLOSED (received RST)");
}

TEST(Connection, SynSentIgnoresRstWithoutAcceptableAck) {
  EXPECT_EQ(After(SynSent(), {In("RST seq=0"), In("RST,ACK seq=0 ack=100")}), "");
}

TEST(Connection, SynSentAnswersUnacceptableAckAndStays) {
  EXPECT_EQ(After(SynSent(), {In("ACK seq=300 ack=50"), Out("RST seq=50")}), "");
  EXPECT_EQ(After(SynSent(),
                  {In("SYN,ACK seq=300 ack=50"),
                   Out("RST seq=50"),
                   Out("SYN seq=100"),
                   In("SYN,ACK seq=300 ack=101")}),
            "ESTABLISHED (received SYN,ACK)");
}

TEST(Connection, SynReceivedAnswersUnacceptableAckAndStays) {
  EXPECT_EQ(After(SynReceived(),
                  {In("ACK seq=301 ack=50"), Out("RST seq=50"), In("ACK seq=301 ack=101")}),
            "ESTABLISHED (received ACK of SYN)");
}

TEST(Connection, ClosedInSynSentAnswersLateSynAckWithRst) {
  EXPECT_EQ(After(SynSent(), {In("SYN,ACK seq=300 ack=101"), Out("RST seq=101")}),
            "CLOSED (sent RST)");
}

TEST(Connection, ClosedInSynSentAnswersLateSynWithRst) {
  EXPECT_EQ(After(SynSent(), {In("SYN seq=300"), Out("RST,ACK seq=0 ack=301")}),
            "CLOSED (sent RST)");
}

TEST(Connection, ListenerThatIsGoneAnswersAckOfSynWithRst) {
  EXPECT_EQ(After(SynReceived(), {In("ACK seq=301 ack=101"), Out("RST seq=101")}),
            "CLOSED (sent RST)");
}

TEST(Connection, SynRefusedStaysClosed) {
  const Connection refused = Replay({In("SYN seq=300"),
                                     Out("RST,ACK seq=0 ack=301"),
                                     In("ACK seq=301 ack=101"),
                                     Out("RST seq=101")});
  EXPECT_EQ(History(refused), "");
  EXPECT_EQ(refused.state(), State::kClosed);
}

TEST(Connection, SynRefusedIsNoBeginningForWhatFollows) {
  EXPECT_EQ(
      After(Fresh(), {In("SYN seq=300"), Out("RST,ACK seq=0 ack=301"), In("ACK seq=301 ack=101")}),
      "");
}

TEST(Connection, SynReceivedTakesNoOtherSynAck) {
  EXPECT_EQ(After(SynReceived(), {In("SYN,ACK seq=305 ack=101")}), "");
}

TEST(Connection, ListenIgnoresRst) {
  EXPECT_EQ(After(Fresh(), {In("SYN seq=300"), In("RST seq=301"), Out("RST seq=0")}), "");
}

TEST(Connection, FullAcceptQueueLeavesSynReceived) {
  const Trace dropped = {In("ACK seq=301 ack=101"),
                         In("FIN,ACK seq=301 ack=101 len=5"),
                         Out("SYN,ACK seq=100 ack=301")};
  EXPECT_EQ(After(SynReceived(), dropped), "");
  EXPECT_EQ(After(SynReceived(), dropped + In("FIN,ACK seq=301 ack=101 len=5")),
            "ESTABLISHED (received ACK of SYN), CLOSE-WAIT (received FIN)");
}

TEST(Connection, FullAcceptQueueForgetsTheFin) {
  EXPECT_EQ(After(SynReceived(),
                  {In("ACK seq=301 ack=101"),
                   In("FIN,ACK seq=301 ack=101 len=5"),
                   Out("SYN,ACK seq=100 ack=301"),
                   In("PSH,ACK seq=301 ack=101 len=20")}),
            "ESTABLISHED (received ACK of SYN)");
}

TEST(Connection, SynCookieMayChangeTheIss) {
  EXPECT_EQ(After(SynReceived(),
                  {In("SYN seq=300"), Out("SYN,ACK seq=777 ack=301"), In("ACK seq=301 ack=778")}),
            "ESTABLISHED (received ACK of SYN)");
}

TEST(Connection, DataInSynAndSynAck) {  // TCP Fast Open
  EXPECT_EQ(History(Replay({Out("SYN seq=100 len=10"),
                            In("SYN,FIN,ACK seq=300 ack=111 len=5"),
                            Out("ACK seq=111 ack=307")})),
            "SYN-SENT (sent SYN), ESTABLISHED (received SYN,ACK), CLOSE-WAIT (received FIN)");
  EXPECT_EQ(History(Replay({In("SYN seq=300 len=10"),
                            Out("SYN,ACK seq=100 ack=311 len=4"),
                            In("FIN,ACK seq=311 ack=105")})),
            "SYN-RECEIVED (sent SYN,ACK), ESTABLISHED (received ACK of SYN), CLOSE-WAIT (received "
            "FIN)");
}

TEST(Connection, EstablishedWithoutTheSynAckInTheTrace) {
  EXPECT_EQ(After(SynSent(), {Out("ACK seq=101 ack=301"), In("RST seq=301")}),
            "ESTABLISHED (sent ACK), CLOSED (received RST)");
}

TEST(Connection, BeginsInTheMiddle) {
  EXPECT_EQ(History(Replay({In("RST seq=5"), Out("ACK seq=101 ack=301"), In("RST seq=5")})),
            "ESTABLISHED (the trace begins here)");
  EXPECT_EQ(History(Replay({Out("FIN,ACK seq=101 ack=301"), In("FIN,ACK seq=301 ack=102")})),
            "ESTABLISHED (the trace begins here), FIN-WAIT-1 (sent FIN), TIME-WAIT (received FIN "
            "and the ACK of FIN)");
  EXPECT_EQ(History(Replay({In("FIN,ACK seq=301 ack=101"),
                            Out("FIN,ACK seq=101 ack=302"),
                            In("ACK seq=302 ack=102")})),
            "ESTABLISHED (the trace begins here), CLOSE-WAIT (received FIN), LAST-ACK (sent FIN), "
            "CLOSED (received ACK of FIN)");
}

TEST(Connection, BeginsInTheMiddleWithARetransmission) {
  EXPECT_EQ(History(Replay({Out("PSH,ACK seq=101 ack=301 len=10"), In("FIN,ACK seq=301 ack=900")})),
            "ESTABLISHED (the trace begins here), CLOSE-WAIT (received FIN)");
}

TEST(Connection, SegmentForNoConnectionIsNoBeginning) {
  EXPECT_EQ(History(Replay({In("ACK seq=301 ack=101"), Out("RST seq=101")})), "");
}

TEST(Connection, FeedReturnsWhatTheSegmentCaused) {
  Connection connection = Replay(SynReceived().trace);
  const std::vector<Transition> two =
      connection.Feed(Direction::kIn, In("FIN,ACK seq=301 ack=101").segment);
  ASSERT_EQ(two.size(), 2U);
  EXPECT_EQ(two[0].from, State::kSynReceived);
  EXPECT_EQ(two[0].segment, 2U);
  EXPECT_EQ(two[1].from, State::kEstablished);
  EXPECT_EQ(two[1].to, State::kCloseWait);
  EXPECT_TRUE(connection.Feed(Direction::kOut, Out("ACK seq=101 ack=302").segment).empty());
}

}  // namespace
}  // namespace lastack::trace

// Closes by RST, sent and received, and connections whose place a new one takes.
#include <vector>

#include "tcp/connection.h"
#include "tcp/trace_dsl.h"

namespace lastack::trace {
namespace {

TEST(Connection, DataAfterCloseIsAnsweredWithRst) {
  EXPECT_EQ(After(FinWait2(), {In("PSH,ACK seq=301 ack=102 len=5"), Out("RST seq=102")}),
            "CLOSED (sent RST)");
}

TEST(Connection, DataThatAcksTheFinAfterCloseIsAnsweredWithRst) {
  EXPECT_EQ(After(FinWait1(), {In("PSH,ACK seq=301 ack=102 len=5"), Out("RST seq=102")}),
            "FIN-WAIT-2 (received ACK of FIN), CLOSED (sent RST)");
}

TEST(Connection, FinWait2ThatTimedOutAnswersLateFinWithRst) {
  EXPECT_EQ(After(FinWait2(), {In("FIN,ACK seq=301 ack=102"), Out("RST seq=102")}),
            "CLOSED (sent RST)");
}

TEST(Connection, TimeWaitThatIsOverAnswersWithRst) {
  EXPECT_EQ(After(TimeWait(), {In("FIN,ACK seq=301 ack=102"), Out("RST seq=102")}),
            "CLOSED (sent RST)");
}

TEST(Connection, AbortAfterFinKeepsCloseWait) {
  EXPECT_EQ(After(Established(), {In("FIN,ACK seq=301 ack=101"), Out("RST,ACK seq=101 ack=302")}),
            "CLOSE-WAIT (received FIN), CLOSED (sent RST)");
}

TEST(Connection, ChallengeAckThenExactRst) {
  EXPECT_EQ(
      After(Established(), {In("SYN seq=900"), Out("ACK seq=101 ack=301"), In("RST seq=301")}),
      "CLOSED (received RST)");
}

TEST(Connection, TimeWaitKeepsOutRstWithRfc1337) {
  EXPECT_EQ(After(TimeWait(), {In("RST seq=302")}, {.ignore_rst_in_time_wait = true}), "");
  EXPECT_EQ(After(FinWait2(), {In("RST seq=301")}, {.ignore_rst_in_time_wait = true}),
            "CLOSED (received RST)");
}

TEST(Connection, LinuxTakesRstBehindAGapAndAtTheFin) {
  const Trace gap = {In("PSH,ACK seq=311 ack=101 len=10"), In("RST seq=321")};
  EXPECT_EQ(After(Established(), gap), "");
  EXPECT_EQ(After(Established(), gap, {.linux_rst_match = true}), "CLOSED (received RST)");
  EXPECT_EQ(After(CloseWait(), {In("RST seq=301")}, {.linux_rst_match = true}),
            "CLOSED (received RST)");
  EXPECT_EQ(After(Established(), {In("RST seq=300")}, {.linux_rst_match = true}), "");
}

TEST(Connection, TimeWaitTakenOverByPassiveOpen) {
  const Start syn = {"", TimeWait().trace + In("SYN seq=900")};
  EXPECT_FALSE(Replay(syn.trace).TakenOver());
  EXPECT_EQ(
      After(syn, {Out("SYN,ACK seq=700 ack=901"), In("ACK seq=901 ack=701"), In("RST seq=901")}),
      "CLOSED (taken over by a new connection)");
  EXPECT_TRUE(Replay(syn.trace + Out("SYN,ACK seq=700 ack=901")).TakenOver());
}

TEST(Connection, TimeWaitTakenOverByActiveOpen) {
  const Connection old = Replay(TimeWait().trace + Out("SYN seq=700"));
  EXPECT_TRUE(old.TakenOver());
  EXPECT_EQ(History(old, 4), "TIME-WAIT (received FIN), CLOSED (taken over by a new connection)");
}

TEST(Connection, TimeWaitAnswersSynWithAckAndStays) {
  const Connection old = Replay(TimeWait().trace + In("SYN seq=10") + Out("ACK seq=102 ack=302"));
  EXPECT_EQ(old.state(), State::kTimeWait);
  EXPECT_FALSE(old.TakenOver());
}

TEST(Connection, ClosedIsTakenOverWithoutATransition) {
  const Connection old = Replay(Closed().trace + Out("SYN seq=700"));
  EXPECT_TRUE(old.TakenOver());
  EXPECT_EQ(History(old), History(Replay(Closed().trace)));
}

TEST(Connection, NewObjectStartsFromTheSynAckThatTookOver) {
  EXPECT_EQ(History(Replay({Out("SYN,ACK seq=700 ack=901 ws=7"),
                            In("ACK seq=901 ack=701"),
                            In("FIN,ACK seq=901 ack=701")})),
            "SYN-RECEIVED (sent SYN,ACK), ESTABLISHED (received ACK of SYN), CLOSE-WAIT (received "
            "FIN)");
}

}  // namespace
}  // namespace lastack::trace

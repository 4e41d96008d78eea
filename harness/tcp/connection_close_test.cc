// Whole closes by FIN, what retransmissions, gaps, windows and timestamps do to them, and what
// follows.
#include <vector>

#include "tcp/connection.h"
#include "tcp/trace_dsl.h"

namespace lastack::trace {
namespace {

TEST(Connection, ActiveClose) {
  EXPECT_EQ(After(Established(),
                  {Out("FIN,ACK seq=101 ack=301"),
                   In("ACK seq=301 ack=102"),
                   In("FIN,ACK seq=301 ack=102"),
                   Out("ACK seq=102 ack=302")}),
            "FIN-WAIT-1 (sent FIN), FIN-WAIT-2 (received ACK of FIN), TIME-WAIT (received FIN)");
}

TEST(Connection, PassiveClose) {
  EXPECT_EQ(After(Established(),
                  {In("FIN,ACK seq=301 ack=101"),
                   Out("ACK seq=101 ack=302"),
                   Out("FIN,ACK seq=101 ack=302"),
                   In("ACK seq=302 ack=102")}),
            "CLOSE-WAIT (received FIN), LAST-ACK (sent FIN), CLOSED (received ACK of FIN)");
}

TEST(Connection, ThreeSegmentCloseHasNoFinWait2) {
  EXPECT_EQ(After(FinWait1(), {In("FIN,ACK seq=301 ack=102")}),
            "TIME-WAIT (received FIN and the ACK of FIN)");
}

TEST(Connection, WithoutTimeWaitTheEndIsClosedForGood) {
  EXPECT_EQ(After(FinWait2(),
                  {In("FIN,ACK seq=301 ack=102"),
                   Out("ACK seq=102 ack=302"),
                   In("FIN,ACK seq=301 ack=102")},
                  {.no_time_wait = true}),
            "CLOSED (received FIN)");
}

TEST(Connection, SimultaneousClose) {
  EXPECT_EQ(
      After(FinWait1(),
            {In("FIN,ACK seq=301 ack=101"), Out("ACK seq=102 ack=302"), In("ACK seq=302 ack=102")}),
      "CLOSING (received FIN), TIME-WAIT (received ACK of FIN)");
}

TEST(Connection, ClosingTakesAckFromRetransmittedFin) {
  EXPECT_EQ(After(Closing(), {In("FIN,ACK seq=301 ack=102")}), "TIME-WAIT (received ACK of FIN)");
}

TEST(Connection, CloseInSynReceived) {
  EXPECT_EQ(
      After(SimultaneousOpen(),
            {Out("FIN,ACK seq=101 ack=301"), In("ACK seq=301 ack=101"), In("ACK seq=301 ack=102")}),
      "FIN-WAIT-1 (sent FIN), FIN-WAIT-2 (received ACK of FIN)");
}

TEST(Connection, RetransmissionsChangeNothing) {
  EXPECT_EQ(After(SynSent(), {Out("SYN seq=100")}), "");
  EXPECT_EQ(After(SynReceived(), {In("SYN seq=300"), Out("SYN,ACK seq=100 ack=301")}), "");
  EXPECT_EQ(After(FinWait1(), {Out("FIN,ACK seq=101 ack=301")}), "");
  EXPECT_EQ(After(LastAck(), {Out("FIN,ACK seq=101 ack=302"), In("FIN,ACK seq=301 ack=101")}), "");
  EXPECT_EQ(After(TimeWait(), {In("FIN,ACK seq=301 ack=102"), Out("ACK seq=102 ack=302")}), "");
}

TEST(Connection, AFinBelowTheNextNumberIsNotAcceptable) {
  EXPECT_EQ(After(Established(), {In("FIN,ACK seq=300 ack=101"), Out("ACK seq=101 ack=301")}), "");
}

TEST(Connection, FinCoalescedWithDataSentAgainIsARetransmission) {
  EXPECT_EQ(After(Established(),
                  {Out("PSH,ACK seq=101 ack=301 len=10"),
                   Out("FIN,ACK seq=111 ack=301"),
                   Out("FIN,ACK seq=101 ack=301 len=10"),
                   In("ACK seq=301 ack=111"),
                   In("ACK seq=301 ack=112")}),
            "FIN-WAIT-1 (sent FIN), FIN-WAIT-2 (received ACK of FIN)");
}

TEST(Connection, FinCountsOnceDataIsContiguous) {
  EXPECT_EQ(
      After(Established(), {In("FIN,ACK seq=321 ack=101"), In("PSH,ACK seq=311 ack=101 len=10")}),
      "");
  EXPECT_EQ(After(Established(),
                  {In("FIN,ACK seq=321 ack=101"),
                   In("PSH,ACK seq=311 ack=101 len=10"),
                   In("PSH,ACK seq=301 ack=101 len=10")}),
            "CLOSE-WAIT (received FIN)");
}

TEST(Connection, FinWait1AckedBehindGapThenFilled) {
  EXPECT_EQ(
      After(FinWait1(), {In("FIN,ACK seq=311 ack=102"), In("PSH,ACK seq=301 ack=102 len=10")}),
      "FIN-WAIT-2 (received ACK of FIN), TIME-WAIT (received FIN)");
}

TEST(Connection, FinBeyondZeroWindowCountsWhenAcknowledged) {
  const Trace probed = {Out("ACK seq=101 ack=1301 win=0"), In("FIN,ACK seq=1301 ack=101")};
  EXPECT_EQ(After(Established(), probed), "");
  EXPECT_EQ(After(Established(),
                  probed + Out("ACK seq=101 ack=1301 win=500") + In("FIN,ACK seq=1301 ack=101")),
            "CLOSE-WAIT (received FIN)");
}

TEST(Connection, DataBeyondTheWindowIsNotReceived) {
  const Trace beyond = {In("PSH,ACK seq=301 ack=101 len=1200")};
  EXPECT_EQ(After(Established(), beyond + In("RST seq=1501")), "");
  EXPECT_EQ(After(Established(), beyond + In("RST seq=1301")), "CLOSED (received RST)");
}

TEST(Connection, ReceivedIsWhatTheEndpointAcknowledges) {
  EXPECT_EQ(After(Established(), {Out("ACK seq=101 ack=351"), In("RST seq=351")}),
            "CLOSED (received RST)");
  EXPECT_EQ(After(Established(), {In("FIN,ACK seq=311 ack=101"), Out("ACK seq=101 ack=312")}),
            "CLOSE-WAIT (received FIN)");
}

TEST(Connection, DataAfterBothFinsChangesNothing) {
  EXPECT_EQ(After(TimeWait(), {In("PSH,ACK seq=302 ack=102 len=5"), Out("ACK seq=102 ack=302")}),
            "");
}

TEST(Connection, WindowIsScaledOnlyIfBothOfferIt) {
  const Trace both = {Out("SYN seq=100 ws=7"),
                      In("SYN,ACK seq=300 ack=101 ws=2"),
                      Out("ACK seq=101 ack=301 win=100")};
  const Trace one = {
      Out("SYN seq=100 ws=7"), In("SYN,ACK seq=300 ack=101"), Out("ACK seq=101 ack=301 win=100")};
  const Trace passive = {In("SYN seq=300 ws=2"),
                         Out("SYN,ACK seq=100 ack=301 ws=7"),
                         In("ACK seq=301 ack=101"),
                         Out("ACK seq=101 ack=301 win=100")};
  const Fed far = In("FIN,ACK seq=301 ack=101 len=12000");
  EXPECT_EQ(Replay(both + far).state(), State::kCloseWait);
  EXPECT_EQ(Replay(one + far).state(), State::kEstablished);
  EXPECT_EQ(Replay(passive + far).state(), State::kCloseWait);
}

TEST(Connection, PawsDropsAnOldFinButNoRst) {
  const Start start = {"",
                       {Out("SYN seq=100 ts=1"),
                        In("SYN,ACK seq=300 ack=101 ts=50"),
                        Out("ACK seq=101 ack=301 ts=2")}};
  EXPECT_EQ(After(start, {In("FIN,ACK seq=301 ack=101 ts=49")}), "");
  EXPECT_EQ(After(start, {In("RST seq=301 ts=49")}), "CLOSED (received RST)");
  EXPECT_EQ(After(start, {In("FIN,ACK seq=301 ack=101 ts=50")}), "CLOSE-WAIT (received FIN)");
}

TEST(Connection, PawsIsNotMovedOnBySegmentsBehindAGap) {
  const Start start = {"",
                       {Out("SYN seq=100 ts=1"),
                        In("SYN,ACK seq=300 ack=101 ts=50"),
                        Out("ACK seq=101 ack=301 ts=2")}};
  EXPECT_EQ(
      After(start,
            {In("FIN,ACK seq=311 ack=101 ts=60"), In("PSH,ACK seq=301 ack=101 len=10 ts=55")}),
      "CLOSE-WAIT (received FIN)");
}

TEST(Connection, ProbesChangeNothing) {
  EXPECT_EQ(After(Established(),
                  {Out("ACK seq=100 ack=301"),
                   In("ACK seq=301 ack=101"),
                   In("ACK seq=300 ack=101"),
                   In("ACK seq=300 ack=101 len=1"),
                   Out("ACK seq=101 ack=301 win=0"),
                   In("ACK seq=300 ack=101")}),
            "");
}

}  // namespace
}  // namespace lastack::trace

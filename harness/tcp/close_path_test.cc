// Each way to close, as both ends see it.
#include "tcp/close_path.h"

#include "tcp/trace_dsl.h"

namespace lastack::trace {
namespace {

Close Describe(const Trace& client, const Trace& server) {
  return DescribeClose(Replay(client).transitions(), Replay(server).transitions());
}

void Expect(const Close& close,
            ClosePath path,
            std::optional<Side> first_fin,
            std::optional<Side> first_rst) {
  EXPECT_EQ(ToString(close.path), ToString(path));
  EXPECT_EQ(close.first_fin, first_fin);
  EXPECT_EQ(close.first_rst, first_rst);
}

TEST(ClosePath, Normal) {
  Expect(Describe(TimeWait().trace, Closed().trace), ClosePath::kNormal, Side::kClient, {});
  Expect(Describe(Closed().trace, TimeWait().trace), ClosePath::kNormal, Side::kServer, {});
}

TEST(ClosePath, SimultaneousHasNoFirstFin) {
  const Trace end = Closing().trace + In("ACK seq=302 ack=102");
  Expect(Describe(end, end), ClosePath::kSimultaneous, {}, {});
}

TEST(ClosePath, Reset) {
  const Trace sent = Established().trace + Out("RST,ACK seq=101 ack=301");
  const Trace received = Established().trace + In("RST,ACK seq=301 ack=101");
  Expect(Describe(sent, received), ClosePath::kReset, {}, Side::kClient);
  Expect(Describe(received, sent), ClosePath::kReset, {}, Side::kServer);
  Expect(Describe(sent, sent), ClosePath::kReset, {}, {});
}

TEST(ClosePath, ResetInTheNameOfTheServer) {
  const Trace received = Established().trace + In("RST seq=301");
  Expect(Describe(received, Established().trace), ClosePath::kReset, {}, Side::kServer);
}

TEST(ClosePath, ResetAfterAFin) {
  Expect(Describe(FinWait2().trace + In("RST seq=301"),
                  CloseWait().trace + Out("RST,ACK seq=101 ack=302")),
         ClosePath::kReset,
         Side::kClient,
         Side::kServer);
}

TEST(ClosePath, ResetOfTimeWaitIsStillNormal) {
  Expect(Describe(TimeWait().trace + In("RST seq=302"), Closed().trace),
         ClosePath::kNormal,
         Side::kClient,
         {});
}

TEST(ClosePath, TimeWaitTakenOverIsNormal) {
  Expect(Describe(Closed().trace, TimeWait().trace + Out("SYN,ACK seq=700 ack=901")),
         ClosePath::kNormal,
         Side::kServer,
         {});
}

TEST(ClosePath, Refused) {
  Expect(Describe(SynSent().trace + In("RST,ACK seq=0 ack=101"),
                  {In("SYN seq=100"), Out("RST,ACK seq=0 ack=101")}),
         ClosePath::kRefused,
         {},
         Side::kServer);
}

TEST(ClosePath, HalfClosed) {
  Expect(Describe(FinWait2().trace, CloseWait().trace), ClosePath::kHalfClosed, Side::kClient, {});
  Expect(Describe(CloseWait().trace, FinWait1().trace), ClosePath::kHalfClosed, Side::kServer, {});
}

TEST(ClosePath, Unfinished) {
  Expect(Describe({}, {}), ClosePath::kUnfinished, {}, {});
  Expect(Describe(Established().trace, Established().trace), ClosePath::kUnfinished, {}, {});
  Expect(Describe(TimeWait().trace, LastAck().trace), ClosePath::kUnfinished, Side::kClient, {});
  Expect(
      Describe(FinWait1().trace, Established().trace), ClosePath::kUnfinished, Side::kClient, {});
}

TEST(ClosePath, FirstFinFromTheReceiverAlone) {
  Expect(Describe({}, CloseWait().trace), ClosePath::kUnfinished, Side::kClient, {});
}

TEST(ClosePath, NamesAsInTheConnectionDocument) {
  EXPECT_EQ(ToString(ClosePath::kHalfClosed), "half-closed");
  EXPECT_EQ(ToString(ClosePath::kUnfinished), "unfinished");
}

}  // namespace
}  // namespace lastack::trace

// One end's capture against the other's.
#include "judge/both_ends.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "judge/judging_test.h"

namespace lastack {
namespace {

using judging::Received;
using judging::Sent;
using judging::TwoHosts;
using judging::WithSegments;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Flags kFin{.fin = true, .ack = true};

TEST(CheckBothEnds, AFinThatOnlyOneCaptureHoldsIsAFinding) {
  const SeenSegment sent = Sent("client", kFin, 101, 501);
  const SeenSegment received = Received(sent);
  EXPECT_THAT(CheckBothEnds(TwoHosts(), Evidence{}, WithSegments({sent, received})), IsEmpty());
  EXPECT_THAT(CheckBothEnds(TwoHosts(), Evidence{}, WithSegments({sent})), SizeIs(1));
  EXPECT_THAT(CheckBothEnds(TwoHosts(), Evidence{}, WithSegments({received})), SizeIs(1));
}

TEST(CheckBothEnds, TheRelayAccountsForWhatIsMissing) {
  SeenSegment sent = Sent("client", kFin, 101, 501);
  sent.lost = true;
  EXPECT_THAT(CheckBothEnds(TwoHosts(), Evidence{}, WithSegments({sent})), IsEmpty());
  SeenSegment made = Received(sent);
  made.lost = false;
  made.injected = true;
  EXPECT_THAT(CheckBothEnds(TwoHosts(), Evidence{}, WithSegments({made})), IsEmpty());
  Reconstruction nobody = WithSegments({});
  nobody.unseen_decisions = {4};
  EXPECT_THAT(CheckBothEnds(TwoHosts(), Evidence{}, nobody), SizeIs(1));
}

}  // namespace
}  // namespace lastack

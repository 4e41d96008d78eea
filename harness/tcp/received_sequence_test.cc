// Contiguity with gaps, repetitions and wrap-around.
#include "tcp/received_sequence.h"

#include <gtest/gtest.h>

namespace lastack {
namespace {

TEST(ReceivedSequence, InOrder) {
  ReceivedSequence received(100);
  received.Add(100, 10);
  received.Add(110, 0);
  EXPECT_EQ(received.Next(), 110U);
  EXPECT_EQ(received.Highest(), 110U);
}

TEST(ReceivedSequence, WaitsForTheGap) {
  ReceivedSequence received(100);
  received.Add(120, 10);
  received.Add(110, 5);
  received.Add(110, 15);
  EXPECT_EQ(received.Next(), 100U);
  EXPECT_EQ(received.Highest(), 130U);
  received.Add(95, 15);
  EXPECT_EQ(received.Next(), 130U);
}

TEST(ReceivedSequence, RepetitionChangesNothing) {
  ReceivedSequence received(100);
  received.Add(90, 10);
  received.Add(50, 10);
  EXPECT_EQ(received.Next(), 100U);
}

TEST(ReceivedSequence, WrapsAround) {
  ReceivedSequence received(0xfffffff0U);
  received.Add(0x10, 0x10);
  received.Add(0xfffffff0U, 0x20);
  EXPECT_EQ(received.Next(), 0x20U);
  received.Add(0xffffff00U, 0x200);
  EXPECT_EQ(received.Next(), 0x100U);
}

TEST(ReceivedSequence, NumbersBeforeZero) {
  ReceivedSequence received(5);
  received.Add(0xfffffff0U, 0x20);
  EXPECT_EQ(received.Next(), 0x10U);
}

TEST(ReceivedSequence, AcknowledgedIsReceived) {
  ReceivedSequence received(100);
  received.Add(120, 10);
  received.AdvanceTo(120);
  EXPECT_EQ(received.Next(), 130U);
  received.AdvanceTo(100);
  EXPECT_EQ(received.Next(), 130U);
}

}  // namespace
}  // namespace lastack

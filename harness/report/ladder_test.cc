// The ladder's model: lanes, folds, silences, the story, mismatches; and its drawing as text.
#include "report/ladder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/ladder_parts.h"
#include "report/timeline_sample.h"

namespace lastack {
namespace {

using namespace timeline_sample;  // NOLINT(google-build-using-namespace): a test's own words
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Ladder Only(const Timeline& timeline) {
  const Ladders ladders = MakeLadders(timeline);
  EXPECT_EQ(ladders.ladders.size(), 1U);
  return ladders.ladders.front();
}

std::vector<std::string> States(const LadderEnd& end) {
  std::vector<std::string> states;
  for (const LadderBox& box : end.boxes) {
    states.push_back(box.state + (box.kernel_only ? " (kernel)" : ""));
  }
  return states;
}

std::vector<std::string> Texts(const Ladder& ladder, LadderItem::Kind kind) {
  std::vector<std::string> texts;
  for (const LadderItem& item : ladder.items) {
    if (item.kind == kind) {
      texts.push_back(item.text);
    }
  }
  return texts;
}

TEST(Ladder, ArrowsHaveTheTimesOfBothEnds) {
  const Ladder ladder = Only(NormalClose());
  const LadderItem& fin = ladder.items[4];
  EXPECT_EQ(fin.text, "FIN,ACK");
  EXPECT_EQ(fin.side, LadderSide::kLeft);
  EXPECT_EQ(fin.t_ns, 10 * kMs);
  EXPECT_EQ(fin.end_ns, 11 * kMs);
  EXPECT_THAT(fin.states, ElementsAre("FIN-WAIT-1", "CLOSE-WAIT"));
  EXPECT_TRUE(fin.control);
}

TEST(Ladder, LanesAreContiguousAndColouredByRole) {
  const Ladder ladder = Only(NormalClose());
  EXPECT_THAT(States(ladder.ends[0]),
              ElementsAre("SYN-SENT", "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT"));
  EXPECT_EQ(ladder.ends[0].boxes[2].role, LadderRole::kActive);
  EXPECT_EQ(ladder.ends[0].boxes[4].role, LadderRole::kTimeWait);
  EXPECT_EQ(ladder.ends[1].boxes[2].role, LadderRole::kPassive);
  for (size_t i = 1; i < ladder.ends[0].boxes.size(); ++i) {
    EXPECT_EQ(ladder.ends[0].boxes[i - 1].to_ns, ladder.ends[0].boxes[i].from_ns);
  }
}

TEST(Ladder, TheStorySaysWhoClosedAndWhatIsLeft) {
  const Ladder ladder = Only(NormalClose());
  EXPECT_EQ(
      ladder.story,
      "client closed first, server after it; client ends in TIME-WAIT, server ends in CLOSED");
  EXPECT_EQ(ladder.ends[0].part, "active close (first)");
  EXPECT_EQ(ladder.ends[1].part, "passive close");
}

TEST(Ladder, FinsThatCrossAreASimultaneousClose) {
  Timeline timeline = Empty();
  AddSegment(&timeline, "client", "FIN,ACK", 0);
  AddState(&timeline, 0, "FIN-WAIT-1", "sent FIN");
  AddSegment(&timeline, "server", "FIN,ACK", kMs / 2);
  EXPECT_THAT(Only(timeline).story, HasSubstr("client and server closed at the same time"));
}

TEST(Ladder, AResetNamesWhoSentIt) {
  Timeline timeline = Empty();
  AddSegment(&timeline, "client", "PSH,ACK", 0);
  AddState(&timeline, 0, "ESTABLISHED", "the trace begins here");
  AddSegment(&timeline, "server", "RST,ACK", 5 * kMs).reason = "ABORT_ON_CLOSE";
  AddState(&timeline, 0, "CLOSED", "received RST");
  const Ladder ladder = Only(timeline);
  EXPECT_THAT(ladder.story, HasSubstr("server reset the connection"));
  EXPECT_EQ(ladder.ends[0].part, "reset by peer");
  EXPECT_TRUE(ladder.items[1].rst);
  EXPECT_THAT(ladder.items[1].numbers, HasSubstr("ABORT_ON_CLOSE"));
}

TEST(Ladder, AStateOfBothWitnessesIsOneBox) {
  Timeline timeline = NormalClose();
  AddKernelState(&timeline, 0, "FIN-WAIT-2", 25 * kMs);
  AddKernelState(&timeline, 0, "TIME-WAIT", 45 * kMs);
  AddKernelState(&timeline, 0, "FIN-WAIT-1", 10 * kMs - 1000);  // before the tap saw the FIN
  EXPECT_THAT(States(Only(timeline).ends[0]),
              ElementsAre("SYN-SENT", "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT"));
}

TEST(Ladder, WhatOnlyTheKernelSawHasABoxOfItsOwn) {
  Timeline timeline = NormalClose();
  AddKernelState(&timeline, 0, "CLOSED", 60'000 * kMs);
  AddKernelState(&timeline, 0, "CLOSED", 70'000 * kMs);
  const Ladder ladder = Only(timeline);
  EXPECT_EQ(States(ladder.ends[0]).back(), "CLOSED (kernel)");
  EXPECT_EQ(ladder.ends[0].boxes.size(), 6U);
  EXPECT_THAT(Texts(ladder, LadderItem::Kind::kState), ElementsAre("CLOSED"));
}

TEST(Ladder, AKernelThatContradictsTheWireIsShown) {
  Timeline timeline = NormalClose();
  AddKernelState(&timeline, 0, "ESTABLISHED", 35 * kMs);  // long after the FIN
  EXPECT_THAT(States(Only(timeline).ends[0]), Contains("ESTABLISHED (kernel)"));
}

TEST(Ladder, TransfersAreFoldedWithTheirCountsAndBytes) {
  Timeline timeline = NormalClose();
  for (int i = 0; i < 37; ++i) {
    AddSegment(&timeline, "client", "PSH,ACK", (50 + i) * kMs).bytes = 1448;
    AddSegment(&timeline, "server", "ACK", (51 + i) * kMs);
  }
  const Ladder ladder = Only(timeline);
  EXPECT_THAT(Texts(ladder, LadderItem::Kind::kFold),
              ElementsAre("37 data segments, 52 KiB →; ← 37 ACKs"));
  EXPECT_LT(ladder.items.size(), 12U);
}

TEST(Ladder, WhatMattersIsNotFolded) {
  Timeline timeline = Empty();
  for (int i = 0; i < 6; ++i) {
    AddSegment(&timeline, "client", "PSH,ACK", i * 2 * kMs).bytes = 100;
  }
  timeline.entries[3].received_packet = 0;
  timeline.entries[3].lost = true;
  EXPECT_THAT(Texts(Only(timeline), LadderItem::Kind::kFold), IsEmpty());
  timeline.entries[3].received_packet = 4;
  EXPECT_EQ(Texts(Only(timeline), LadderItem::Kind::kFold).size(), 1U);
  timeline.entries[3].marked = true;
  EXPECT_THAT(Texts(Only(timeline), LadderItem::Kind::kFold), IsEmpty());
}

TEST(Ladder, FourHundredSegmentsStayReadable) {
  Timeline timeline = Empty();
  for (int i = 0; i < 400; ++i) {
    AddSegment(&timeline, i % 3 == 0 ? "server" : "client", i % 3 == 0 ? "ACK" : "PSH,ACK", i * kMs)
        .bytes = i % 3 == 0 ? 0 : 100;
  }
  EXPECT_LE(Only(timeline).items.size(), 3U);
}

TEST(Ladder, ASilenceIsWhereNothingIsUnderWay) {
  Timeline timeline = Empty();
  AddSegment(&timeline, "client", "FIN,ACK", 0);
  AddSegment(&timeline, "server", "ACK", 60'000 * kMs);
  Ladder ladder = Only(timeline);
  ASSERT_EQ(ladder.silences.size(), 1U);
  EXPECT_EQ(ladder.silences[0].from_ns, kMs);
  EXPECT_EQ(ladder.silences[0].to_ns, 60'000 * kMs);
  timeline.entries[0].received_ns = 60'000 * kMs;  // held by the relay all the time
  EXPECT_THAT(Only(timeline).silences, IsEmpty());
}

TEST(Ladder, AMismatchStandsWhereItIsSeen) {
  Timeline timeline = NormalClose();
  timeline.findings = {{.want = "CLOSE-WAIT", .got = "FIN-WAIT-1", .line = 12, .attached = true},
                       {.want = "server RST", .got = "no such segment", .line = 14}};
  timeline.connections[0].ends[0].states[2].finding = 0;
  const Ladder ladder = Only(timeline);
  EXPECT_EQ(ladder.ends[0].boxes[2].mismatch, "want CLOSE-WAIT (:12), got FIN-WAIT-1");
  EXPECT_THAT(ladder.missing, ElementsAre("want server RST (:14), got no such segment"));
}

TEST(Ladder, TheClientStandsAtTheLeftWhoeverOpens) {
  Timeline timeline = NormalClose();
  std::swap(timeline.connections[0].ends[0], timeline.connections[0].ends[1]);
  for (TimelineEntry& entry : timeline.entries) {
    entry.from_initiator = !entry.from_initiator;
  }
  const Ladder ladder = Only(timeline);
  EXPECT_EQ(ladder.ends[0].title, "client 10.77.0.1:1");
  EXPECT_EQ(ladder.items[4].side, LadderSide::kLeft);
  EXPECT_THAT(ladder.story, HasSubstr("client closed first"));
}

TEST(Ladder, BothEndsOnOneHostAreToldApart) {
  Timeline timeline = NormalClose();
  timeline.connections[0].ends[1].host = "client";
  AddCall(&timeline, "client", "recv → eof", 60 * kMs);
  timeline.entries.back().endpoints = {"server"};
  const Ladder ladder = Only(timeline);
  EXPECT_EQ(ladder.items.back().side, LadderSide::kRight);
  EXPECT_EQ(ladder.ends[1].title, "client server 10.77.0.2:2");
}

TEST(Ladder, AThirdHostIsNamed) {
  Timeline timeline = NormalClose();
  timeline.ends.push_back({"bystander", "bystander"});
  AddCall(&timeline, "bystander", "rebind → ok", 60 * kMs);
  timeline.entries.back().endpoints.clear();
  const Ladder ladder = Only(timeline);
  EXPECT_EQ(ladder.items.back().side, LadderSide::kMiddle);
  EXPECT_EQ(ladder.items.back().text, "bystander: rebind → ok");
}

TEST(Ladder, WithoutAConnectionCallsAreShown) {
  Timeline timeline = Empty();
  timeline.connections.clear();
  AddCall(&timeline, "server", "bind → EADDRINUSE", 0);
  const Ladder ladder = Only(timeline);
  EXPECT_EQ(ladder.items.front().side, LadderSide::kRight);
  EXPECT_THAT(DrawText(MakeLadders(timeline)), HasSubstr("bind → EADDRINUSE"));
}

Timeline Thousand() {
  Timeline timeline = NormalClose();
  const Timeline one = timeline;
  for (int i = 1; i < 1000; ++i) {
    timeline.connections.push_back(one.connections[0]);
    for (TimelineEntry entry : one.entries) {
      entry.connection = entry.kind == TimelineEntry::Kind::kSegment ? i : -1;
      timeline.entries.push_back(entry);
    }
  }
  timeline.connections[999].ends[0].states.pop_back();  // goes another way
  return timeline;
}

TEST(Ladder, OfAThousandConnectionsTheFirstAreDrawnAndAllAreSummedUp) {
  const Ladders ladders = MakeLadders(Thousand());
  EXPECT_EQ(ladders.ladders.size(), 3U);
  EXPECT_EQ(ladders.connections, 1000U);
  ASSERT_EQ(ladders.groups.size(), 2U);
  EXPECT_EQ(ladders.groups[0].connections, 999U);
  EXPECT_EQ(ladders.groups[0].segments, "client FIN,ACK, server FIN,ACK");
  EXPECT_EQ(ladders.groups[1].connections, 1U);
}

TEST(Ladder, AConnectionWithAFindingHasALadder) {
  Timeline timeline = Thousand();
  timeline.findings = {{.want = "x", .got = "y", .line = 3, .attached = true}};
  timeline.connections[500].ends[1].states[0].finding = 0;
  const Ladders ladders = MakeLadders(timeline);
  ASSERT_EQ(ladders.ladders.size(), 4U);
  EXPECT_EQ(ladders.ladders[3].ends[1].boxes[0].mismatch, "want x (:3), got y");
}

TEST(FormatBytes, HasOneDecimalBelowTen) {
  EXPECT_EQ(ladder::FormatBytes(1), "1 byte");
  EXPECT_EQ(ladder::FormatBytes(1023), "1023 bytes");
  EXPECT_EQ(ladder::FormatBytes(1536), "1.5 KiB");
  EXPECT_EQ(ladder::FormatBytes(1 << 20), "1 MiB");
}

TEST(LadderText, ArrowsPointFromSenderToReceiver) {
  const std::string text = DrawLadder(NormalClose());
  EXPECT_THAT(text,
              HasSubstr("   10.00 ms                   FIN-WAIT-1 │━━ FIN,ACK ━━━━━━━━━━━━━━━━━━▶│ "
                        "CLOSE-WAIT\n"));
  EXPECT_THAT(text, HasSubstr("FIN-WAIT-2 │◀────────────────────── ACK ──│\n"));
  EXPECT_THAT(text, HasSubstr("close → ok │"));
}

TEST(LadderText, EveryFateHasASignOfItsOwn) {
  Timeline timeline = Empty();
  AddSegment(&timeline, "client", "FIN,ACK", 0).received_packet = 0;
  AddSegment(&timeline, "client", "FIN,ACK", 20 * kMs).retransmitted = true;
  AddSegment(&timeline, "server", "RST", 40 * kMs).injected = true;
  AddSegment(&timeline, "client", "FIN,ACK", 60 * kMs).sent_packet = 0;
  const std::string text = DrawLadder(timeline);
  EXPECT_THAT(text, HasSubstr("━✗│"));
  EXPECT_THAT(text, HasSubstr("╌╌ FIN,ACK again ╌"));
  EXPECT_THAT(text, HasSubstr("│◀┅┅┅┅┅┅┅┅┅┅┅┅┅ RST injected ┅┅│"));
  EXPECT_THAT(text, HasSubstr("FIN,ACK duplicate"));
}

TEST(LadderText, AResetSaysWhy) {
  Timeline timeline = Empty();
  AddSegment(&timeline, "server", "RST", 0).reason = "NO_SOCKET";
  AddSegment(&timeline, "server", "RST,ACK", 20 * kMs).reason = "TCP_KEEPALIVE_TIMEOUT";
  const std::string text = DrawLadder(timeline);
  EXPECT_THAT(text, HasSubstr("│◀━━━━━━━━━━━━ RST NO_SOCKET ━━│\n"));
  EXPECT_THAT(text, HasSubstr("│◀━━━━━━━━━━━━━━━━━━ RST,ACK ━━│\n"));
  EXPECT_THAT(text, HasSubstr("│    TCP_KEEPALIVE_TIMEOUT     │\n"));
}

TEST(LadderText, SilencesFoldsAndDifferences) {
  Timeline timeline = Empty();
  for (int i = 0; i < 5; ++i) {
    AddSegment(&timeline, "client", "ACK", i).bytes = 100;
  }
  AddSegment(&timeline, "client", "FIN,ACK", 60'000 * kMs);
  timeline.findings = {{.want = "server FIN", .got = "no such segment", .line = 9}};
  const std::string text = DrawLadder(timeline);
  EXPECT_THAT(text, HasSubstr("5 data segments, 500 bytes →"));
  EXPECT_THAT(text, HasSubstr("··· 60.00 s ···"));
  EXPECT_THAT(text, HasSubstr("✗ want server FIN (:9), got no such segment\n"));
  EXPECT_THAT(text, Not(HasSubstr("\033")));
}

TEST(LadderText, LongTextsAreWrapped) {
  Timeline timeline = NormalClose();
  AddCall(&timeline, "client", "poll → [in, rdhup, err, hup]", 50 * kMs);
  timeline.entries.back().marked = true;
  EXPECT_THAT(
      DrawLadder(timeline),
      HasSubstr("   50.00 ms      poll → [in, rdhup, err, │                              │\n"
                "                                 hup]  ✗ │                              │\n"));
}

TEST(LadderText, NoLineIsWiderThanAHundredColumns) {
  const std::string text = DrawLadder(Thousand());
  size_t columns = 0;
  for (const char c : text) {
    columns = c == '\n' ? 0 : columns + ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0);
    ASSERT_LE(columns, 100U);
  }
  EXPECT_THAT(text,
              HasSubstr("all 1000 connections:\n     999 × client FIN,ACK, server FIN,ACK\n"));
}

}  // namespace
}  // namespace lastack

// Every state and every kind of segment: where it leads, in one table.
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "tcp/trace_dsl.h"

namespace lastack::trace {
namespace {

const std::vector<Start>& Columns() {
  static const std::vector<Start> kColumns = {Fresh(),
                                              SynSent(),
                                              SynReceived(),
                                              SimultaneousOpen(),
                                              Established(),
                                              FinWait1(),
                                              FinWait2(),
                                              CloseWait(),
                                              Closing(),
                                              LastAck(),
                                              TimeWait(),
                                              Closed()};
  return kColumns;
}

struct Row {
  std::string name;
  Direction direction;
  std::string segment;
  std::string leads_to;  // one word per column, "." is no change
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.segment;
}

std::string_view Name(const std::string& abbreviation) {
  static const std::map<std::string, State> kStates = {{"SS", State::kSynSent},
                                                       {"SR", State::kSynReceived},
                                                       {"E", State::kEstablished},
                                                       {"F1", State::kFinWait1},
                                                       {"F2", State::kFinWait2},
                                                       {"CW", State::kCloseWait},
                                                       {"CG", State::kClosing},
                                                       {"LA", State::kLastAck},
                                                       {"TW", State::kTimeWait},
                                                       {"C", State::kClosed}};
  return ToString(kStates.at(abbreviation));
}

constexpr auto kIn = Direction::kIn;
constexpr auto kOut = Direction::kOut;

// clang-format off
const std::vector<Row> kTable = {
  //                                                             fresh SS SR SO E  F1 F2 CW CG LA TW C
  {"Ack",               kIn,  "ACK seq=RCV ack=SND",             "E  .  E  E  .  F2 .  .  TW C  .  ."},
  {"AckOfAllButTheLast",kIn,  "ACK seq=RCV ack=SND-1",           "E  .  .  .  .  .  .  .  .  .  .  ."},
  {"AckOfUnsent",       kIn,  "ACK seq=RCV ack=SND+1",           "E  .  .  .  .  .  .  .  .  .  .  ."},
  {"AckOfLongAgo",      kIn,  "FIN,ACK seq=RCV ack=SND-5000",    "CW .  .  .  .  .  .  .  .  .  .  ."},
  {"AckAtWindowEdge",   kIn,  "ACK seq=RCV+1000 ack=SND",        "E  .  E  E  .  F2 .  .  TW C  .  ."},
  {"AckBeyondWindow",   kIn,  "ACK seq=RCV+1001 ack=SND",        "E  .  .  .  .  .  .  .  .  .  .  ."},
  {"Data",              kIn,  "PSH,ACK seq=RCV ack=SND len=10",  "E  .  E  E  .  F2 .  .  TW C  .  ."},
  {"DataWithoutAck",    kIn,  "PSH seq=RCV len=10",              "E  .  .  .  .  .  .  .  .  .  .  ."},
  {"KeepaliveEmpty",    kIn,  "ACK seq=RCV-1 ack=SND",           "E  .  .  .  .  .  .  .  .  .  .  ."},
  {"KeepaliveGarbage",  kIn,  "ACK seq=RCV-1 ack=SND len=1",     "E  .  E  E  .  F2 .  .  TW C  .  ."},
  {"FinAndAck",         kIn,  "FIN,ACK seq=RCV ack=SND",         "CW .  CW CW CW TW TW .  TW C  .  ."},
  {"FinAndOldAck",      kIn,  "FIN,ACK seq=RCV ack=SND-1",       "CW .  .  .  CW CG TW .  .  .  .  ."},
  {"FinAndAckOfUnsent", kIn,  "FIN,ACK seq=RCV ack=SND+1",       "CW .  .  .  .  .  .  .  .  .  .  ."},
  {"FinWithData",       kIn,  "FIN,ACK seq=RCV ack=SND len=10",  "CW .  CW CW CW TW TW .  TW C  .  ."},
  {"FinBehindGap",      kIn,  "FIN,ACK seq=RCV+10 ack=SND",      "CW .  E  E  .  F2 .  .  TW C  .  ."},
  {"FinWithoutAck",     kIn,  "FIN seq=RCV",                     "E  .  .  .  .  .  .  .  .  .  .  ."},
  {"Rst",               kIn,  "RST seq=RCV",                     ".  .  C  C  C  C  C  C  C  C  C  ."},
  {"RstAck",            kIn,  "RST,ACK seq=RCV ack=SND",         ".  C  C  C  C  C  C  C  C  C  C  ."},
  {"RstAckOfUnsent",    kIn,  "RST,ACK seq=RCV ack=SND+1",       ".  .  C  C  C  C  C  C  C  C  C  ."},
  {"RstInWindow",       kIn,  "RST seq=RCV+1",                   ".  .  .  .  .  .  .  .  .  .  .  ."},
  {"RstBefore",         kIn,  "RST seq=RCV-1",                   ".  .  .  .  .  .  .  .  .  .  .  ."},
  {"RstOutsideWindow",  kIn,  "RST seq=RCV+5000",                ".  .  .  .  .  .  .  .  .  .  .  ."},
  {"Syn",               kIn,  "SYN seq=RCV+100",                 ".  SR .  .  .  .  .  .  .  .  .  ."},
  {"SynAgain",          kIn,  "SYN seq=300",                     ".  SR .  .  .  .  .  .  .  .  .  ."},
  {"SynAck",            kIn,  "SYN,ACK seq=300 ack=101",         ".  E  E  E  .  .  .  .  .  .  .  ."},
  {"SynAckOfUnsent",    kIn,  "SYN,ACK seq=300 ack=200",         ".  .  .  .  .  .  .  .  .  .  .  ."},
  {"SynFinAck",         kIn,  "SYN,FIN,ACK seq=300 ack=101",     ".  CW CW CW .  .  .  .  .  .  .  ."},
  {"SendAck",           kOut, "ACK seq=SND ack=RCV",             "E  E  .  .  .  .  .  .  .  .  .  ."},
  {"SendData",          kOut, "PSH,ACK seq=SND ack=RCV len=5",   "E  E  .  .  .  .  .  .  .  .  .  ."},
  {"SendDataAgain",     kOut, "PSH,ACK seq=SND-1 ack=RCV len=1", "E  E  .  .  .  .  .  .  .  .  .  ."},
  {"SendKeepalive",     kOut, "ACK seq=SND-1 ack=RCV",           "E  E  .  .  .  .  .  .  .  .  .  ."},
  {"SendFin",           kOut, "FIN,ACK seq=SND ack=RCV",         "F1 F1 F1 F1 F1 .  .  LA .  .  .  ."},
  {"SendFinAgain",      kOut, "FIN,ACK seq=SND-1 ack=RCV",       "F1 F1 F1 F1 F1 .  .  LA .  .  .  ."},
  {"SendSyn",           kOut, "SYN seq=700",                     "SS C  C  C  C  C  C  C  C  C  C  ."},
  {"SendSynAgain",      kOut, "SYN seq=100",                     "SS .  .  .  .  .  .  .  .  .  .  ."},
  {"SendSynAck",        kOut, "SYN,ACK seq=700 ack=901",         "SR C  C  C  C  C  C  C  C  C  C  ."},
  {"SendSynAckAgain",   kOut, "SYN,ACK seq=100 ack=301",         "SR SR .  .  .  .  .  .  .  .  .  ."},
  {"SendRstAck",        kOut, "RST,ACK seq=SND ack=RCV",         ".  C  C  C  C  C  C  C  C  C  C  ."},
  {"SendRst",           kOut, "RST seq=SND",                     ".  C  C  C  C  C  C  C  C  C  C  ."},
  {"SendRstElsewhere",  kOut, "RST seq=SND+1",                   ".  .  .  .  C  C  C  C  C  C  C  ."},
};
// clang-format on

class ConnectionTable : public testing::TestWithParam<Row> {};

void ExpectState(const Start& start, const Row& row, const std::string& word) {
  const Connection before = Replay(start.trace);
  const Connection after =
      Replay(start.trace + Fed{row.direction, ReadSegment(row.segment, start)});
  const bool stays = word == ".";
  SCOPED_TRACE(start.name + " + " + row.segment + ": " + History(after));
  EXPECT_EQ(ToString(after.state()), stays ? ToString(before.state()) : Name(word));
  EXPECT_EQ(after.transitions().size() == before.transitions().size(), stays);
}

TEST_P(ConnectionTable, LeadsTo) {
  std::istringstream expected(GetParam().leads_to);
  for (const Start& start : Columns()) {
    std::string word;
    expected >> word;
    ExpectState(start, GetParam(), word);
  }
}

INSTANTIATE_TEST_SUITE_P(, ConnectionTable, testing::ValuesIn(kTable), [](const auto& param) {
  return param.param.name;
});

Trace Shifted(Trace trace, uint32_t shift) {
  for (Fed& fed : trace) {
    fed.segment.seg_seq += shift;
    fed.segment.seg_ack += fed.segment.flags.ack ? shift : 0;
  }
  return trace;
}

void ExpectRowHoldsShifted(const Row& row, uint32_t shift) {
  for (const Start& start : Columns()) {
    const Trace trace = start.trace + Fed{row.direction, ReadSegment(row.segment, start)};
    EXPECT_EQ(History(Replay(Shifted(trace, shift))), History(Replay(trace)))
        << start.name << " + " << row.segment << " shifted by " << shift;
  }
}

// Sequence numbers wrap: the table holds wherever the two ISS lie.
TEST(ConnectionWrap, TableHoldsForEveryIss) {
  for (const uint32_t shift : {0xffffff9cU, 0xfffffed4U, 0x7fffff9bU, 0x7ffffed3U, 0x80000000U}) {
    for (const Row& row : kTable) {
      ExpectRowHoldsShifted(row, shift);
    }
  }
}

}  // namespace
}  // namespace lastack::trace

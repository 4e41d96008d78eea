// The tables of keys and words of what is said about segments and the wire.
#include "scenario/keys.h"

namespace lastack {

const KeyTable& LinkKeys() {
  static const KeyTable kTable = {"link", {{"delay", Shape::kDuration}}, ""};
  return kTable;
}

const KeyTable& RuleKeys() {
  static const KeyTable kTable = {"rule",
                                  {{"drop", Shape::kSegment},
                                   {"hold", Shape::kSegment},
                                   {"delay", Shape::kSegment},
                                   {"duplicate", Shape::kSegment},
                                   {"reorder", Shape::kSegment},
                                   {"until", Shape::kUntil},
                                   {"by", Shape::kDuration},
                                   {"behind", Shape::kSegment}},
                                  ""};
  return kTable;
}

const KeyTable& UntilKeys() {
  static const KeyTable kTable = {
      "until",
      {{"sees", Shape::kSegment}, {"step", Shape::kCount}, {"after", Shape::kDuration}},
      ""};
  return kTable;
}

const KeyTable& WireStepKeys() {
  static const KeyTable kTable = {"wire",
                                  {{"add", Shape::kRules},
                                   {"remove", Shape::kName},
                                   {"release", Shape::kName},
                                   {"inject", Shape::kInject}},
                                  ""};
  return kTable;
}

const KeyTable& InjectKeys() {
  static const KeyTable kTable = {"inject",
                                  {{"connection", Shape::kName},
                                   {"from", Shape::kName, true},
                                   {"flags", Shape::kFlags},
                                   {"seq", Shape::kSequence},
                                   {"ack", Shape::kSequence},
                                   {"bytes", Shape::kBytes},
                                   {"icmp", Shape::kIcmp}},
                                  ""};
  return kTable;
}

const KeyTable& SegmentKeys() {
  static const KeyTable kTable = {"segment",
                                  {{"from", Shape::kName},
                                   {"flags", Shape::kFlags},
                                   {"only", Shape::kBoolean},
                                   {"nth", Shape::kCountRange},
                                   {"bytes", Shape::kSomeBytes},
                                   {"seq", Shape::kByteRange},
                                   {"connection", Shape::kName}},
                                  ""};
  return kTable;
}

const KeyTable& ExpectedSegmentKeys() {
  static const KeyTable kTable = {
      "expected segment",
      {{"bytes", Shape::kByteRange}, {"seq", Shape::kByteRange}, {"reason", Shape::kTexts}},
      ""};
  return kTable;
}

const std::vector<std::string>& SegmentFlagNames() {
  static const std::vector<std::string> kNames = {
      "SYN", "ACK", "FIN", "RST", "PSH", "URG", "ECE", "CWR"};
  return kNames;
}

const std::vector<std::string>& IcmpNames() {
  static const std::vector<std::string> kNames = {"port-unreachable", "host-unreachable"};
  return kNames;
}

const std::vector<std::string>& HostActionNames() {
  static const std::vector<std::string> kNames = {"reboot", "vanish"};
  return kNames;
}

const std::vector<std::string>& LinkActionNames() {
  static const std::vector<std::string> kNames = {"cut", "mend"};
  return kNames;
}

}  // namespace lastack

// Binds `expect`: state sequences, checked against the state diagram, and segments.
#include <algorithm>

#include <fmt/format.h>

#include "base/strings.h"
#include "scenario/bind_parts.h"

namespace lastack {
namespace {

bool CanBegin(State state) {
  return state == State::kEstablished || state == State::kListen || state == State::kSynSent ||
         state == State::kSynReceived || state == State::kClosed;
}

std::vector<std::string> StateNames() {
  std::vector<std::string> names;
  for (const State state : AllStates()) {
    names.emplace_back(ToString(state));
  }
  return names;
}

void CheckOrder(const ExpectedStates& expected, Problems& problems) {
  if (!CanBegin(expected.states.front())) {
    problems.Add(expected.places.front(),
                 fmt::format("a sequence begins with ESTABLISHED (or LISTEN, SYN-SENT, "
                             "SYN-RECEIVED), not with {}",
                             ToString(expected.states.front())));
  }
  for (size_t index = 1; index < expected.states.size(); ++index) {
    const State from = expected.states[index - 1];
    const State to = expected.states[index];
    if (!CanFollow(from, to)) {
      problems.Add(expected.places[index],
                   fmt::format("{} cannot follow {}", ToString(to), ToString(from)));
    }
  }
}

// A listener listens until it is closed; a name that is used again may do so again.
void CheckListener(const ExpectedStates& expected, Problems& problems) {
  for (size_t index = 0; index < expected.states.size(); ++index) {
    const State wanted = index % 2 == 0 ? State::kListen : State::kClosed;
    if (expected.states[index] != wanted) {
      problems.Add(expected.places[index],
                   fmt::format("'{}' is a listener: its sequence is [LISTEN], or [LISTEN, CLOSED]",
                               expected.endpoint));
    }
  }
}

void BindStates(Binding& binding, const Entry& entry) {
  const auto names = binding.endpoints.KnownStates(entry.key, entry.place);
  ExpectedStates expected;
  expected.endpoint = entry.key;
  expected.place = entry.value.place;
  if (!entry.value.IsSequence() || entry.value.items.empty()) {
    binding.problems.Add(entry.value.place, fmt::format("'{}' needs a list of states", entry.key));
  }
  for (const Node& item : entry.value.items) {
    const std::string name = ReadWord(item, "state", StateNames(), binding.problems);
    expected.states.push_back(StateFromString(name).value_or(State::kClosed));
    expected.places.push_back(item.place);
  }
  if (!binding.problems.any()) {
    const bool listens =
        binding.endpoints.Decl(names.front()).kind == EndpointDecl::Kind::kListener;
    if (listens) {
      CheckListener(expected, binding.problems);
    } else {
      CheckOrder(expected, binding.problems);
    }
  }
  binding.scenario.states.push_back(std::move(expected));
}

// "x3"; nothing if it is no such word.
std::optional<int> ParseTimes(std::string_view word) {
  constexpr int64_t kMaxTimes = 1000;
  const auto times = word.starts_with('x') ? ParseInteger(word.substr(1)) : std::nullopt;
  if (!times || *times < 1 || *times > kMaxTimes) {
    return std::nullopt;
  }
  return static_cast<int>(*times);
}

// What stands behind HOST FLAGS: lost, injected, x3.
void ReadSegmentWord(const std::string& word,
                     const Place& place,
                     ExpectedSegment* segment,
                     Problems& problems) {
  const std::optional<int> times = ParseTimes(word);
  if (!times && word != "lost" && word != "injected") {
    problems.Add(place, Unknown("word of a segment", word, {"lost", "injected", "x3"}));
  }
  if (times ? segment->times != 1 : segment->fate != Fate::kArrives) {
    problems.Add(place,
                 fmt::format("'{}' is one word too many of a segment: one of lost and injected, "
                             "one of x2, x3 …",
                             word));
  }
  if (times) {
    segment->times = *times;
  } else {
    segment->fate = word == "lost" ? Fate::kLost : Fate::kInjected;
  }
}

// "HOST FLAGS", with words behind them.
ExpectedSegment ParseSegment(Binding& binding, const std::string& text, const Place& place) {
  ExpectedSegment segment;
  segment.place = place;
  const std::vector<std::string> words = Split(text, ' ');
  if (words.size() < 2) {
    binding.problems.Add(
        place,
        fmt::format("'{}' is no segment; write HOST FLAGS, e.g. server FIN, or server FIN x3",
                    text));
    return segment;
  }
  segment.from = ReadHost(binding, ScalarNode(words[0], place));
  segment.flags = ReadFlags(ScalarNode(words[1], place), binding.problems);
  for (size_t index = 2; index < words.size(); ++index) {
    ReadSegmentWord(words[index], place, &segment, binding.problems);
  }
  return segment;
}

// The kernel's names: TCP_STATE, NO_SOCKET …
std::vector<std::string> BindReasons(Binding& binding,
                                     const ExpectedSegment& segment,
                                     const Node& node) {
  if (segment.flags.find("RST") == std::string::npos) {
    binding.problems.Add(node.place, "only a RST has a reason");
  }
  std::vector<std::string> reasons = ReadTexts(node, binding.problems);
  for (const std::string& reason : reasons) {
    const bool name =
        reason.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == std::string::npos;
    if (!name || reason.empty()) {
      binding.problems.Add(
          node.place,
          fmt::format("'{}' is no reason of a RST; write it as the kernel does, e.g. TCP_STATE",
                      reason));
    }
  }
  return reasons;
}

ExpectedSegment BindSegment(Binding& binding, const Node& node) {
  if (node.IsScalar()) {
    return ParseSegment(binding, node.text, node.place);
  }
  if (!node.IsMap() || node.entries.size() != 1) {
    binding.problems.Add(node.place, "a segment is HOST FLAGS, or {HOST FLAGS: {bytes: 1..100}}");
    return {};
  }
  const Entry& entry = node.entries.front();
  ExpectedSegment segment = ParseSegment(binding, entry.key, node.place);
  const MapReader reader(binding.problems, entry.value, ExpectedSegmentKeys());
  if (const Node* bytes = reader.Get("bytes")) {
    segment.bytes = ReadRange(*bytes, binding.problems);
  }
  if (const Node* seq = reader.Get("seq")) {
    segment.seq = ReadRangeIn(*seq, kSequenceNumbers, binding.problems);
  }
  if (const Node* reason = reader.Get("reason")) {
    segment.reasons = BindReasons(binding, segment, *reason);
  }
  return segment;
}

ExpectedSegments BindSegmentList(Binding& binding,
                                 const std::string& connection,
                                 const Node& node) {
  ExpectedSegments expected;
  expected.connection = connection;
  expected.place = node.place;
  if (!node.IsSequence()) {
    binding.problems.Add(node.place,
                         "a list of segments is wanted here, e.g. [server FIN, client ACK]");
  }
  for (const Node& item : node.items) {
    expected.segments.push_back(BindSegment(binding, item));
  }
  return expected;
}

void BindSegments(Binding& binding, const Node& node) {
  std::vector<ExpectedSegments> all;
  if (!node.IsMap()) {
    all.push_back(BindSegmentList(binding, "", node));
  }
  for (const Entry& entry : node.entries) {
    static_cast<void>(binding.endpoints.Known(entry.key, entry.place));
    all.push_back(BindSegmentList(binding, entry.key, entry.value));
  }
  binding.scenario.segments = std::move(all);
}

}  // namespace

void BindExpect(Binding& binding, const Node& node) {
  const MapReader reader(binding.problems, node, ExpectKeys());
  for (const Entry* entry : reader.Others()) {
    BindStates(binding, *entry);
  }
  if (const Node* segments = reader.Get("segments")) {
    BindSegments(binding, *segments);
  }
}

}  // namespace lastack

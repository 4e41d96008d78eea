// Binds a MATCH: which segments are meant.
#include <fmt/format.h>

#include "base/strings.h"
#include "scenario/bind_parts.h"

namespace lastack {
namespace {

std::string ReadConnection(Binding& binding, const Node& node) {
  if (binding.step_number > 0) {
    return ReadEndpoint(binding, node);
  }
  std::string name = ReadText(node, binding.problems);
  binding.later_names.push_back({name, node.place});
  return name;
}

}  // namespace

SegmentMatch BindMatch(Binding& binding, const Node& node) {
  constexpr int64_t kMaxNth = 1'000'000;
  const MapReader reader(binding.problems, node, SegmentKeys());
  SegmentMatch match;
  if (const Node* from = reader.Get("from")) {
    match.from = ReadHost(binding, *from);
  }
  if (const Node* flags = reader.Get("flags")) {
    match.flags = ReadFlags(*flags, binding.problems);
  }
  if (const Node* only = reader.Get("only")) {
    match.only = ReadBoolean(*only, binding.problems);
  }
  if (const Node* nth = reader.Get("nth")) {
    match.nth = ReadRangeIn(*nth, {1, kMaxNth}, binding.problems);
  }
  if (const Node* bytes = reader.Get("bytes")) {
    match.has_bytes =
        ReadWord(*bytes, "value of 'bytes'", {"none", "some"}, binding.problems) == "some";
  }
  if (const Node* seq = reader.Get("seq")) {
    match.seq = ReadRangeIn(*seq, kSequenceNumbers, binding.problems);
  }
  if (const Node* connection = reader.Get("connection")) {
    match.connection = ReadConnection(binding, *connection);
  }
  return match;
}

void CheckLaterNames(Binding& binding) {
  for (const LaterName& later : binding.later_names) {
    if (binding.problems.any()) {
      return;
    }
    const auto names = binding.endpoints.Known(later.name, later.place);
    if (!names.empty() && names != std::vector{later.name}) {
      binding.problems.Add(later.place, "one endpoint is wanted here, by its name");
    }
  }
}

std::string ReadFlags(const Node& node, Problems& problems) {
  std::vector<std::string> flags;
  if (node.IsScalar()) {
    flags = Split(node.text, ',');
  } else {
    flags = ReadTexts(node, problems);
  }
  for (std::string& flag : flags) {
    flag = ReadWord(ScalarNode(flag, node.place), "flag", SegmentFlagNames(), problems);
  }
  return Join(flags, ",");
}

}  // namespace lastack

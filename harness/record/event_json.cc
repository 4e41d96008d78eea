// Writes and strictly reads events as JSON lines; what the members are called is in
// event_members.h.
#include "record/event_json.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "record/event_members.h"
#include "record/json_members.h"

namespace lastack {
namespace {

using json_members::Problem;
using json_members::Reader;
using json_members::Verified;
using json_members::Writer;
using nlohmann::json;
using nlohmann::ordered_json;

std::string ToString(const Problem& problem) {
  return problem.where.empty() ? problem.what
                               : fmt::format("\"{}\" {}", problem.where, problem.what);
}

// Reads a value that stands alone; `what` names it in an error.
template <typename T>
Result<T> Read(const json& found, std::string_view what) {
  T value;
  if (const Verified read = Reader::Value(found, value); !read) {
    return Fail(ErrorKind::kSystem, fmt::format("{}: {}", what, ToString(read.error())));
  }
  return value;
}

// The alternative of EventData with this kind, all its members at their defaults.
template <size_t... Index>
std::optional<EventData> DataOfKind(std::string_view kind, std::index_sequence<Index...> /*all*/) {
  std::optional<EventData> data;
  const auto try_one = [&]<size_t I>() {
    if (kEventKinds.at(I) == kind) {
      data.emplace(std::in_place_index<I>);
    }
  };
  (try_one.template operator()<Index>(), ...);
  return data;
}

std::string DidYouMean(const std::string& kind) {
  const std::string nearest = Nearest(kind, {kEventKinds.begin(), kEventKinds.end()});
  return nearest.empty() ? "" : fmt::format("did you mean \"{}\"?", nearest);
}

Result<Event> EventFromJson(const json& line) {
  Result<Event> event = Read<Event>(line, "event");
  if (!event) {
    return event;
  }
  std::string kind;
  Reader reader(line);
  reader.Required("kind", kind);
  if (!reader.Outcome()) {
    return Fail(ErrorKind::kSystem, "event: " + ToString(reader.Outcome().error()));
  }
  std::optional<EventData> data =
      DataOfKind(kind, std::make_index_sequence<std::variant_size_v<EventData>>());
  if (!data) {
    return Fail(ErrorKind::kSystem, fmt::format("unknown kind \"{}\"", kind), DidYouMean(kind));
  }
  std::visit([&reader](auto& members) { DescribeMembers(reader, members); }, *data);
  if (!reader.Outcome()) {
    return Fail(ErrorKind::kSystem,
                fmt::format("{}: {}", kind, ToString(reader.Outcome().error())));
  }
  event->data = std::move(*data);
  return event;
}

Result<Event> EventFromLine(std::string_view line, int64_t position) {
  const json parsed = json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (parsed.is_discarded()) {
    return Fail(ErrorKind::kSystem, "is not JSON");
  }
  Result<Event> event = EventFromJson(parsed);
  if (event && event->id != position) {
    return Fail(ErrorKind::kSystem,
                fmt::format("event {} stands where event {} belongs", event->id, position),
                "a line is missing, added or moved");
  }
  return event;
}

}  // namespace

json EndpointToJson(const Endpoint& endpoint) {
  return Writer::Value(endpoint);
}
Result<Endpoint> EndpointFromJson(const json& json) {
  return Read<Endpoint>(json, "socket");
}
json SampleToJson(const StateSample& sample) {
  return Writer::Value(sample);
}
Result<StateSample> SampleFromJson(const json& json) {
  return Read<StateSample>(json, "sample");
}
json CallResultToJson(const CallResult& result) {
  return Writer::Value(result);
}
Result<CallResult> CallResultFromJson(const json& json) {
  return Read<CallResult>(json, "call result");
}
Result<WireDecided> DecisionFromJson(const json& json) {
  return Read<WireDecided>(json, "decision");
}

std::string EventToJson(const Event& event) {
  Writer writer;
  DescribeMembers(writer, event);
  writer.Required("kind", std::string(kEventKinds.at(event.data.index())));
  std::visit([&writer](const auto& members) { DescribeMembers(writer, members); }, event.data);
  return writer.Take().dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

Result<std::vector<Event>> EventsFromJsonLines(std::string_view text, const std::string& file) {
  std::vector<Event> events;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const auto position = static_cast<int64_t>(events.size()) + 1;
    Result<Event> event = EventFromLine(text.substr(0, end), position);
    if (!event) {
      event.error().message = fmt::format("{}:{}: {}", file, position, event.error().message);
      return Fail(std::move(event.error()));
    }
    events.push_back(std::move(*event));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return events;
}

}  // namespace lastack

#include "run/recorder.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/base64.h"
#include "base/time.h"

namespace lastack {
namespace {

std::optional<Frame> ParseFrame(const nlohmann::json& json, uint32_t interface) {
  if (!json.is_array() || json.size() != 4 || !json[0].is_number_integer() ||
      !json[1].is_number_integer() || !json[2].is_string() || !json[3].is_string()) {
    return std::nullopt;
  }
  auto data = Base64Decode(json[3].get_ref<const std::string&>());
  if (!data) {
    return std::nullopt;
  }
  const bool out = json[2].get_ref<const std::string&>() == "out";
  return Frame{.realtime_ns = json[0].get<int64_t>(),
               .length = json[1].get<uint32_t>(),
               .direction = out ? Direction::kOut : Direction::kIn,
               .interface = interface,
               .data = std::move(*data),
               .comments = {}};
}

}  // namespace

void Recorder::Add(std::string source, int64_t t_ns, EventData data) {
  evidence_.events.push_back({.id = static_cast<int64_t>(evidence_.events.size()) + 1,
                              .source = std::move(source),
                              .clock = Clock::kMonotonic,
                              .t_ns = t_ns,
                              .data = std::move(data)});
}

void Recorder::Add(EventData data) {
  Add("runner", MonotonicNs(), std::move(data));
}

void Recorder::BeginCapture(const std::string& host, std::vector<std::string> interfaces) {
  const bool known = std::any_of(evidence_.captures.begin(),
                                 evidence_.captures.end(),
                                 [&](const Capture& capture) { return capture.host == host; });
  if (known) {
    return;  // a rebooted host's goes on
  }
  evidence_.captures.push_back({.host = host, .interfaces = std::move(interfaces), .frames = {}});
}

Status Recorder::AddFrames(const std::string& host, const nlohmann::json& event) {
  const auto capture = std::find_if(evidence_.captures.begin(),
                                    evidence_.captures.end(),
                                    [&](const Capture& c) { return c.host == host; });
  const auto interface = event.find("interface");
  const auto frames = event.find("frames");
  const bool whole = capture != evidence_.captures.end() && interface != event.end() &&
                     interface->is_number_unsigned() && frames != event.end() && frames->is_array();
  if (!whole) {
    return Fail(ErrorKind::kSystem, "host " + host + " sent frames that are not as agreed");
  }
  for (const nlohmann::json& json : *frames) {
    auto frame = ParseFrame(json, interface->get<uint32_t>());
    if (!frame) {
      return Fail(ErrorKind::kSystem, "host " + host + " sent a frame that is not as agreed");
    }
    capture->frames.push_back(std::move(*frame));
    ++frame_count_;
  }
  return {};
}

}  // namespace lastack

#include "host/peer_message.h"

#include <map>

#include <nlohmann/json.hpp>

namespace lastack {
namespace {

using nlohmann::json;

std::optional<PeerEvent> EventFromString(std::string_view name) {
  static const std::map<std::string_view, PeerEvent> kEvents = {
      {"hello", PeerEvent::kHello},
      {"started", PeerEvent::kStarted},
      {"finished", PeerEvent::kFinished},
      {"failed", PeerEvent::kFailed},
      {"forked", PeerEvent::kForked},
      {"socket", PeerEvent::kSocket},
  };
  const auto found = kEvents.find(name);
  return found == kEvents.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

std::optional<PeerMessage> ParsePeerMessage(std::string_view line) {
  try {
    const json message = json::parse(line);
    const auto event = EventFromString(message.at("event").get<std::string>());
    if (!event) {
      return std::nullopt;
    }
    return PeerMessage{*event,
                       message.value("protocol", ""),
                       message.value("id", int64_t{0}),
                       message.value("as", ""),
                       message.value("pid", int64_t{0})};
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

}  // namespace lastack

#include "peer/request.h"

#include <nlohmann/json.hpp>

namespace lastack {
namespace {

using nlohmann::json;

// The functions below throw json::exception on a value of another type; ParseRequest catches it.

// "name" or ["name", …].
std::vector<std::string> Names(const json& request, const char* key) {
  const auto found = request.find(key);
  if (found == request.end()) {
    return {};
  }
  if (found->is_string()) {
    return {found->get<std::string>()};
  }
  return found->get<std::vector<std::string>>();
}

std::optional<SocketAddress> Address(const json& request, const char* key) {
  const auto found = request.find(key);
  if (found == request.end() || found->is_null()) {
    return std::nullopt;
  }
  return SocketAddress{found->at(0).get<std::string>(), found->at(1).get<uint16_t>()};
}

// ["SO_REUSEADDR", 1] or ["SO_LINGER", [1, 0]].
SocketOption Option(const json& pair) {
  SocketOption option;
  option.name = pair.at(0).get<std::string>();
  const json& value = pair.at(1);
  if (value.is_array()) {
    option.value = value.at(0).get<int64_t>();
    option.seconds = value.at(1).get<int64_t>();
  } else {
    option.value = value.get<int64_t>();
  }
  return option;
}

Request FromJson(const json& line) {
  Request request;
  request.id = line.at("id").get<int64_t>();
  request.call = line.at("call").get<std::string>();
  request.on = Names(line, "on");
  request.as = Names(line, "as");
  request.address = Address(line, request.call == "connect" ? "from" : "address");
  request.to = Address(line, "to");
  for (const json& option : line.value("options", json::array())) {
    request.options.push_back(Option(option));
  }
  request.option = line.value("option", "");
  request.backlog = line.value("backlog", request.backlog);
  if (line.contains("bytes")) {
    request.bytes = line["bytes"].get<int64_t>();
  }
  request.until_full = line.value("until_full", false);
  request.until_eof = line.value("until_eof", false);
  request.more = line.value("more", false);
  request.how = line.value("how", "");
  request.events = Names(line, "events");
  if (line.contains("timeout")) {
    request.timeout = Duration(line["timeout"].get<int64_t>());
  }
  request.code = line.value("code", 0);
  return request;
}

}  // namespace

Result<Request> ParseRequest(std::string_view line) {
  const json parsed = json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object()) {
    return Fail(ErrorKind::kSystem, "the request is not a JSON object");
  }
  try {
    Request request = FromJson(parsed);
    const std::string family = parsed.value("family", "v4");
    const std::optional<Family> known = FamilyFromString(family);
    if (!known) {
      return Fail(ErrorKind::kSystem, "unknown family " + family);
    }
    request.family = *known;
    return request;
  } catch (const json::exception& exception) {
    return Fail(ErrorKind::kSystem, std::string("malformed request: ") + exception.what());
  }
}

int64_t IdOfRequest(std::string_view line) {
  const json parsed = json::parse(line, nullptr, /*allow_exceptions=*/false);
  const auto id = parsed.is_object() ? parsed.find("id") : parsed.end();
  return id != parsed.end() && id->is_number_integer() ? id->get<int64_t>() : 0;
}

}  // namespace lastack

#include "run/requests.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/strings.h"

namespace lastack {
namespace {

using nlohmann::json;

void AddBytes(const CallStep& call, json* request) {
  if (call.bytes) {
    (*request)["bytes"] = *call.bytes;
  }
  if (call.until_full) {
    (*request)["until_full"] = true;
  }
  if (call.until_eof) {
    (*request)["until_eof"] = true;
  }
  if (call.more) {
    (*request)["more"] = true;
  }
}

void AddConnect(const CallStep& call, Testbed* testbed, json* request) {
  (*request)["to"] = ToJson(Resolve(call.remote.value_or(Destination{}), testbed));
  if (call.local) {
    (*request)["from"] = ToJson(Resolve(*call.local, testbed));
  }
}

void AddListen(const CallStep& call, Testbed* testbed, json* request) {
  (*request)["backlog"] = call.backlog;
  if (call.on.empty()) {
    (*request)["as"] = call.as.front();
    (*request)["address"] = ToJson(Resolve(call.local.value_or(Destination{}), testbed));
  } else {
    (*request)["on"] = call.on.front();
  }
}

std::string CallName(Call call) {
  return call == Call::kPass ? "send_socket" : std::string(ToString(call));
}

}  // namespace

json ToJson(const SocketAddress& address) {
  return json::array({address.address, address.port});
}

json ToJson(const std::vector<SocketOption>& options) {
  json list = json::array();
  for (const SocketOption& option : options) {
    const json value = option.name == "SO_LINGER" ? json::array({option.value, option.seconds})
                                                  : json(option.value);
    list.push_back(json::array({option.name, value}));
  }
  return list;
}

SocketAddress Resolve(const Destination& destination, Testbed* testbed) {
  const auto& addresses = testbed->host(destination.address.host).addresses;
  const auto found = addresses.find(destination.address.name);
  return {found == addresses.end() ? "" : found->second, destination.port};
}

json CallRequest(const CallStep& call, Testbed* testbed) {
  json request = {{"call", CallName(call.call)},
                  {"on", call.on},
                  {"family", std::string(ToString(call.family))},
                  {"options", ToJson(call.options)}};
  if (!call.as.empty()) {
    request["as"] = call.as;
  }
  switch (call.call) {
    case Call::kConnect:
      AddConnect(call, testbed, &request);
      break;
    case Call::kBind:
      request["as"] = call.as.front();
      request["address"] = ToJson(Resolve(call.local.value_or(Destination{}), testbed));
      break;
    case Call::kListen:
      AddListen(call, testbed, &request);
      break;
    case Call::kSend:
    case Call::kRecv:
      AddBytes(call, &request);
      break;
    case Call::kPoll:
      request["events"] = call.events;
      request["timeout"] = call.timeout.count();
      break;
    case Call::kShutdown:
      request["how"] = call.how;
      break;
    case Call::kGet:
      request["option"] = call.options.empty() ? "" : call.options.front().name;
      break;
    case Call::kFork:
      request["as"] = call.as.front();
      break;
    case Call::kExit:
      request["code"] = call.code;
      break;
    case Call::kAccept:
    case Call::kClose:
    case Call::kDisconnect:
    case Call::kSet:
    case Call::kDup:
    case Call::kPass:
      break;
  }
  return request;
}

std::string OptionsText(const std::vector<SocketOption>& options) {
  std::vector<std::string> texts;
  for (const SocketOption& option : options) {
    std::string text = option.name;
    if (option.name == "SO_LINGER") {
      text += "=" + std::to_string(option.value) + "," + std::to_string(option.seconds);
    } else if (option.value != 1) {
      text += "=" + std::to_string(option.value);
    }
    texts.push_back(text);
  }
  return texts.empty() ? "none" : Join(texts, ", ");
}

}  // namespace lastack

#include "peer/messages.h"

#include <nlohmann/json.hpp>

#include "record/event_json.h"

namespace lastack {
namespace {

using nlohmann::json;

// Text that is not UTF-8 (an echoed name, say) must not throw.
std::string ToLine(const json& message) {
  return message.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::string HelloLine(int64_t pid) {
  return ToLine({{"event", "hello"}, {"protocol", "lastack.peer/1"}, {"pid", pid}});
}

std::string StartedLine(int64_t id, int64_t t_ns) {
  return ToLine({{"event", "started"}, {"id", id}, {"t", t_ns}});
}

std::string FinishedLine(int64_t id, int64_t t_ns, const std::vector<CallResult>& results) {
  json list = json::array();
  for (const CallResult& result : results) {
    list.push_back(CallResultToJson(result));
  }
  return ToLine({{"event", "finished"}, {"id", id}, {"t", t_ns}, {"results", std::move(list)}});
}

std::string FailedLine(int64_t id, const std::string& message) {
  return ToLine({{"event", "failed"}, {"id", id}, {"message", message}});
}

std::string ForkedLine(int64_t id, const std::string& as, int64_t pid) {
  return ToLine({{"event", "forked"}, {"id", id}, {"as", as}, {"pid", pid}});
}

std::string SocketLine(int64_t id) {
  return ToLine({{"event", "socket"}, {"id", id}});
}

}  // namespace lastack

#include "restart/request.h"

#include <algorithm>

namespace lastack {
namespace {

constexpr std::string_view kHttpPrefix = "http:";
constexpr std::string_view kLinePrefix = "line:";

}  // namespace

Result<Ready> ParseReady(const std::string& text) {
  if (text == "tcp") {
    return Ready{};
  }
  if (const std::string path = text.substr(std::min(text.size(), kHttpPrefix.size()));
      text.starts_with(kHttpPrefix) && path.starts_with('/') && !path.starts_with("//")) {
    return Ready{Ready::Kind::kHttp, path};
  }
  if (text.starts_with(kLinePrefix) && text.size() > kLinePrefix.size()) {
    return Ready{Ready::Kind::kLine, text.substr(kLinePrefix.size())};
  }
  return Fail(ErrorKind::kScenario,
              "--ready " + text + ": not one of tcp, http:/path, line:TEXT",
              "http:/health waits for an answer to GET /health");
}

std::string ToString(const Ready& ready) {
  switch (ready.kind) {
    case Ready::Kind::kTcp:
      return "tcp";
    case Ready::Kind::kHttp:
      return std::string(kHttpPrefix) + ready.text;
    case Ready::Kind::kLine:
      return std::string(kLinePrefix) + ready.text;
  }
  return "";
}

std::string_view ToString(ClientsDo clients) {
  switch (clients) {
    case ClientsDo::kHold:
      return "hold";
    case ClientsDo::kClose:
      return "close";
    case ClientsDo::kReconnect:
      return "reconnect";
  }
  return "";
}

}  // namespace lastack

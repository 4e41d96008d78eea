#include "host/output.h"

#include <unistd.h>

#include <cerrno>

#include <nlohmann/json.hpp>

namespace lastack {
namespace {

constexpr size_t kFlushBytes = 262'144;  // what may wait for the end of the turn

// File names and errno texts are not always UTF-8; what is not is replaced.
std::string ToText(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

void Output::Ok(int64_t id, const nlohmann::json& answer) {
  Line(R"({"id": )" + std::to_string(id) + R"(, "ok": )" + ToText(answer) + "}");
}

void Output::Failed(int64_t id, const Error& error) {
  const nlohmann::json body = {
      {"kind", ToString(error.kind)}, {"message", error.message}, {"hint", error.hint}};
  Line(R"({"id": )" + std::to_string(id) + R"(, "error": )" + ToText(body) + "}");
}

void Output::Event(const nlohmann::json& event) {
  Line(ToText(event));
}

void Output::Line(std::string_view line) {
  pending_ += line;
  pending_ += '\n';
  if (pending_.size() >= kFlushBytes) {
    Flush();
  }
}

void Output::Flush() {
  std::string_view left = pending_;
  while (!left.empty()) {
    const ssize_t written = write(fd_, left.data(), left.size());
    if (written < 0 && errno != EINTR) {
      break;
    }
    left.remove_prefix(written < 0 ? 0 : static_cast<size_t>(written));
  }
  pending_.clear();
}

}  // namespace lastack

#include "restart/server.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/strings.h"

namespace lastack {
namespace {

constexpr Duration kStartWithin = std::chrono::seconds(10);
constexpr size_t kKeptOutput = 16384;
constexpr const char* kHost = "server";

}  // namespace

Server::Server(Session* session, const RestartRequest* request)
    : session_(session), request_(request) {
  session_->OnProgramEvent([this](const std::string& host, const nlohmann::json& event) {
    if (host == kHost) {
      OnEvent(event);
    }
  });
}

Server::~Server() {
  session_->OnProgramEvent({});
}

Status Server::Start() {
  name_ = "server " + std::to_string(++starts_);
  pid_ = -1;
  line_ns_ = 0;
  output_.clear();
  const Result<nlohmann::json> ok = session_->Ask(
      kHost,
      {{"do", "run"}, {"program", name_}, {"command", request_->command}, {"user", request_->user}},
      kStartWithin);
  if (!ok) {
    return Fail(ok.error());
  }
  pid_ = ok->value("pid", -1);
  started_ns_ = ok->value("t", int64_t{0});
  return {};
}

void Server::OnEvent(const nlohmann::json& event) {
  if (event.value("event", "") == "output") {
    if (event.value("program", "") != name_) {
      return;  // of an earlier start
    }
    output_ += event.value("text", "");
    if (request_->ready.kind == Ready::Kind::kLine && line_ns_ == 0 &&
        output_.find(request_->ready.text) != std::string::npos) {
      line_ns_ = MonotonicNs();
    }
    if (output_.size() > kKeptOutput) {
      output_.erase(0, output_.size() - kKeptOutput);
    }
    return;
  }
  ProgramEnd end;
  end.t_ns = event.value("t", int64_t{0});
  const std::string signal = event.value("signal", "");
  const int code = event.value("code", 0);
  end.well = signal.empty() && code == 0;
  end.how = signal.empty() ? "exit code " + std::to_string(code) : "signal " + signal;
  ends_[event.value("pid", -1)] = std::move(end);
}

std::optional<ProgramEnd> Server::EndOf(pid_t pid) const {
  const auto found = ends_.find(pid);
  return found == ends_.end() ? std::nullopt : std::optional(found->second);
}

std::string LastLines(const std::string& output, size_t lines, const std::string& before) {
  std::vector<std::string> all = Split(output, '\n');
  std::erase_if(all, [](const std::string& line) { return line.empty(); });
  const size_t skipped = all.size() > lines ? all.size() - lines : 0;
  std::string text;
  for (size_t i = skipped; i < all.size(); ++i) {
    text += before + all[i];
  }
  return text;
}

}  // namespace lastack

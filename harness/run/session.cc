#include "run/session.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <nlohmann/json.hpp>

#include "record/event_json.h"

namespace lastack {
namespace {

using nlohmann::json;

// A run that has waited this long gives its -j slot back.
constexpr Duration kHoldWhileWaiting = std::chrono::milliseconds(3);
constexpr Duration kGreetWithin = std::chrono::seconds(10);
constexpr Duration kForever = std::chrono::hours(24);
constexpr size_t kReadSize = 1U << 18U;

Error HostGone(const std::string& host) {
  return {ErrorKind::kSystem,
          "host " + host + " ended before the run did",
          "see its messages above; it may have been killed from outside"};
}

Error NotAsAgreed(const std::string& host, const std::string& line) {
  return {ErrorKind::kSystem,
          "host " + host + " sent a line that is not as agreed: " + line.substr(0, 200),
          "lastack, lastack-host and lastack-peer must be of one version"};
}

}  // namespace

Session::Session(Testbed* testbed, Recorder* recorder, SlotHold* slot, RunLimit limit)
    : testbed_(testbed), recorder_(recorder), slot_(slot), limit_(limit) {
  for (Host& host : testbed_->hosts()) {
    channels_.emplace_back().host = &host;
  }
  if (Host* relay = testbed_->relay(); relay != nullptr) {
    channels_.emplace_back().host = relay;
  }
}

Session::~Session() = default;

Status Session::Greet() {
  const auto greeted = ProcessUntil(
      [&] {
        return std::all_of(channels_.begin(), channels_.end(), [](const HostChannel& channel) {
          return channel.greeted;
        });
      },
      kGreetWithin);
  if (!greeted) {
    return Fail(greeted.error());
  }
  if (!*greeted) {
    return Fail(ErrorKind::kSystem, "a host did not say hello within 10 s");
  }
  return {};
}

void Session::Forget(const std::string& host) {
  std::erase_if(channels_, [&](const HostChannel& channel) { return channel.host->name == host; });
}

void Session::Welcome(const std::string& host) {
  channels_.emplace_back().host = &testbed_->host(host);
}

Result<int64_t> Session::Send(const std::string& host, json request) {
  const int64_t id = next_id_++;
  request["id"] = id;
  const std::string line = request.dump() + "\n";
  std::string_view rest = line;
  const int fd = testbed_->host(host).to_host.get();
  while (!rest.empty()) {
    const ssize_t written = write(fd, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      return Fail(HostGone(host));
    }
    rest.remove_prefix(static_cast<size_t>(written));
  }
  return id;
}

bool Session::HasAnswer(int64_t id) const {
  return answers_.contains(id);
}

Result<json> Session::Await(int64_t id, Duration within) {
  const auto answered = ProcessUntil([&] { return answers_.contains(id); }, within);
  if (!answered) {
    return Fail(answered.error());
  }
  if (!*answered) {
    return Fail(ErrorKind::kSystem, "a host did not answer within " + FormatDuration(within));
  }
  const json answer = std::move(answers_.extract(id).mapped());
  try {
    if (const auto error = answer.find("error"); error != answer.end()) {
      return Fail(ErrorKindFromString(error->value("kind", "system")),
                  error->value("message", "unknown error"),
                  error->value("hint", ""));
    }
    return answer.value("ok", json::object());
  } catch (const json::exception& error) {
    return Fail(NotAsAgreed("?", error.what()));
  }
}

Result<json> Session::Ask(const std::string& host, json request, Duration within) {
  const auto id = Send(host, std::move(request));
  return id ? Await(*id, within) : Result<json>(Fail(id.error()));
}

Result<bool> Session::ProcessUntil(const std::function<bool()>& done, Duration within) {
  const Deadline deadline(std::min(within, kForever));
  bool is_done = false;
  while (!(is_done = done())) {
    if (!unexpected_exit_.empty()) {
      return Fail(ErrorKind::kSystem, unexpected_exit_);
    }
    const Duration left = deadline.Left();
    if (left.count() == 0) {
      break;
    }
    const int64_t before = MonotonicNs();
    const Duration wait = slot_->held() ? std::min(left, kHoldWhileWaiting) : left;
    if (const Status status = Pump(wait); !status) {
      return Fail(status.error());
    }
    if (MonotonicNs() - before >= kHoldWhileWaiting.count()) {
      slot_->Release();
    }
  }
  slot_->Acquire();
  return is_done;
}

Status Session::Pump(Duration wait) {
  std::vector<pollfd> fds;
  for (const HostChannel& channel : channels_) {
    fds.push_back({channel.host->from_host.get(), POLLIN, 0});
  }
  fds.push_back({limit_.wake_fd, POLLIN, 0});
  fds.push_back({limit_.stop_fd, POLLIN, 0});
  if (limit_.deadline.Expired()) {
    return Fail(
        ErrorKind::kSystem, "the run took longer than it may", "--timeout D gives it more time");
  }
  wait = std::min(wait, limit_.deadline.Left());
  const timespec timeout{wait.count() / 1'000'000'000, wait.count() % 1'000'000'000};
  if (ppoll(fds.data(), fds.size(), &timeout, nullptr) < 0 && errno != EINTR) {
    return FailErrno("cannot wait for the hosts");
  }
  if (fds.back().revents != 0) {
    return Fail(ErrorKind::kSystem, "interrupted");
  }
  if (fds[fds.size() - 2].revents != 0) {
    eventfd_t count = 0;
    eventfd_read(limit_.wake_fd, &count);
  }
  for (size_t i = 0; i < channels_.size(); ++i) {
    if (fds[i].revents != 0) {
      if (const Status status = Read(&channels_[i]); !status) {
        return status;
      }
    }
  }
  return {};
}

Status Session::Read(HostChannel* channel) {
  thread_local std::array<char, kReadSize> buffer;
  const ssize_t size = read(channel->host->from_host.get(), buffer.data(), buffer.size());
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
    return {};
  }
  if (size <= 0) {
    return Fail(HostGone(channel->host->name));
  }
  for (const std::string& line :
       channel->lines.Append({buffer.data(), static_cast<size_t>(size)})) {
    if (const Status status = Handle(channel, line); !status) {
      return status;
    }
  }
  return {};
}

Status Session::Handle(HostChannel* channel, const std::string& line) {
  json message = json::parse(line, nullptr, false);
  if (!message.is_object()) {
    return Fail(NotAsAgreed(channel->host->name, line));
  }
  if (message.contains("event")) {
    try {
      const Status status = HandleEvent(channel, message);
      return status ? status : Fail(NotAsAgreed(channel->host->name, status.error().message));
    } catch (const json::exception& error) {  // a member of another type than agreed
      return Fail(NotAsAgreed(channel->host->name, error.what()));
    }
  }
  const auto id = message.find("id");
  if (id == message.end() || !id->is_number_integer()) {
    return Fail(NotAsAgreed(channel->host->name, line));
  }
  const auto number = id->get<int64_t>();
  answers_[number] = std::move(message);
  return {};
}

Status Session::HandleEvent(HostChannel* channel, const json& message) {
  const std::string event = message.value("event", "");
  const std::string& host = channel->host->name;
  if (event == "frames") {
    return recorder_->AddFrames(host, message);
  }
  if (event == "peer") {
    return HandlePeerMessage(message);
  }
  if (event == "decision") {
    auto decided = DecisionFromJson(message);
    if (!decided) {
      return Fail(decided.error());
    }
    recorder_->Add(host, message.value("t", int64_t{0}), std::move(*decided));
    return {};
  }
  if (event == "exit") {
    return HandleExit(host, message);
  }
  if ((event == "output" || event == "ended") && on_program_event_) {
    on_program_event_(host, message);
  }
  if (event == "hello") {
    const json clock = message.value("clock", json::object());
    recorder_->Add(
        "host:" + host,
        clock.value("monotonic", int64_t{0}),
        ClockRead{clock.value("monotonic", int64_t{0}), clock.value("realtime", int64_t{0})});
    channel->greeted = true;
  }
  return {};
}

Status Session::HandlePeerMessage(const json& event) {
  const std::string peer = event.value("peer", "");
  const json message = event.value("message", json::object());
  const std::string kind = message.value("event", "");
  const int64_t id = message.value("id", int64_t{0});
  const auto call = pending_.find(id);
  if (call == pending_.end()) {
    return {};  // given up before
  }
  const std::string source = "peer:" + peer;
  const int64_t t_ns = message.value("t", int64_t{0});
  const PendingCall& known = call->second;
  if (kind == "started") {
    recorder_->Add(source, t_ns, CallStarted{id, known.step, peer, known.text, known.on});
  } else if (kind == "finished") {
    CallFinished finished{.call = id, .step = known.step, .peer = peer, .results = {}};
    for (const json& entry : message.value("results", json::array())) {
      auto result = CallResultFromJson(entry);
      if (!result) {
        return Fail(result.error());
      }
      finished.results.push_back(std::move(*result));
    }
    recorder_->Add(source, t_ns, std::move(finished));
    pending_.erase(call);
  } else if (kind == "failed") {
    protocol_problem_ = "peer " + peer + " could not carry out its call: " +
                        message.value("message", "no reason given");
    recorder_->Add(CallAbandoned{id, known.step, peer, false, false});
    pending_.erase(call);
  }
  return {};
}

Status Session::HandleExit(const std::string& host, const json& event) {
  PeerExited exited{.peer = event.value("peer", ""), .host = host, .code = {}, .signal = {}};
  if (event.contains("code")) {
    exited.code = event.value("code", 0);
  }
  exited.signal = event.value("signal", "");
  exited_.insert(exited.peer);
  if (!exit_expected_.contains(exited.peer) && unexpected_exit_.empty()) {
    unexpected_exit_ =
        "peer " + exited.peer + " ended though the scenario did not ask for it (" +
        (exited.signal.empty() ? "exit code " + std::to_string(exited.code.value_or(0))
                               : "signal " + exited.signal) +
        ")";
  }
  const bool killed = !exited.signal.empty();
  const std::string peer = exited.peer;
  recorder_->Add("host:" + host, event.value("t", int64_t{0}), std::move(exited));
  for (auto call = pending_.begin(); call != pending_.end();) {
    if (call->second.peer == peer) {
      recorder_->Add(CallAbandoned{call->first, call->second.step, peer, killed, !killed});
      call = pending_.erase(call);
    } else {
      ++call;
    }
  }
  return {};
}

Result<int64_t> Session::StartCall(const std::string& host, PendingCall call, json request) {
  const int64_t id = RegisterCall(std::move(call));
  const std::string peer = pending_[id].peer;
  request["id"] = id;
  const auto sent = Send(host, {{"do", "call"}, {"peer", peer}, {"request", std::move(request)}});
  return sent ? Result<int64_t>(id) : Fail(sent.error());
}

int64_t Session::RegisterCall(PendingCall call) {
  const int64_t id = next_id_++;
  pending_[id] = std::move(call);
  return id;
}

void Session::AbandonCall(int64_t call) {
  if (const auto found = pending_.find(call); found != pending_.end()) {
    recorder_->Add(CallAbandoned{call, found->second.step, found->second.peer, false, false});
    pending_.erase(found);
  }
}

void Session::AbandonCallsOf(const std::string& peer) {
  std::vector<int64_t> calls;
  for (const auto& [call, pending] : pending_) {
    if (pending.peer == peer) {
      calls.push_back(call);
    }
  }
  for (const int64_t call : calls) {
    recorder_->Add(CallAbandoned{call, pending_[call].step, peer, true, false});
    pending_.erase(call);
  }
}

void Session::AbandonAllCalls() {
  while (!pending_.empty()) {
    AbandonCall(pending_.begin()->first);
  }
}

}  // namespace lastack

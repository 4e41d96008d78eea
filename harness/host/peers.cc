#include "host/peers.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/signal_name.h"
#include "base/time.h"

namespace lastack {
namespace {

constexpr std::string_view kProtocol = "lastack.peer/1";
constexpr size_t kMaxUnclaimed = 4096;  // a peer's stray children must not fill our memory

}  // namespace

Status Peers::Spawn(int64_t id, const std::string& name, const PeerCommand& command) {
  if (peers_.contains(name)) {
    return Fail(ErrorKind::kSystem, "there is already a peer " + name);
  }
  Result<SpawnedProcess> process = SpawnPeer(command);
  if (!process) {
    return Fail(process.error());
  }
  auto peer = std::make_unique<Peer>();
  peer->name = name;
  peer->pid = process->pid;
  peer->control = std::make_unique<ControlChannel>(std::move(process->control));
  peer->spawn = id;
  peers_[name] = std::move(peer);
  return {};
}

Status Peers::Call(const std::string& name, const std::string& line) {
  return FindByName(name).and_then([&](Peer* peer) { return peer->control->Write(line); });
}

void Peers::Pass(PassRequest request) {
  passes_.push_back(std::move(request));
  TryPasses();
}

Result<int64_t> Peers::Signal(const std::string& name, const std::string& signal) {
  const Result<Peer*> peer = FindByName(name);
  if (!peer) {
    return Fail(peer.error());
  }
  const std::optional<int> number = SignalFromName(signal);
  if (!number) {
    return Fail(ErrorKind::kScenario, "there is no signal " + signal);
  }
  const int64_t t_ns = MonotonicNs();
  if (kill((*peer)->pid, *number) != 0) {
    return FailErrno("cannot send SIG" + signal + " to peer " + name);
  }
  return t_ns;
}

void Peers::AppendPollFds(std::vector<pollfd>* fds) const {
  for (const auto& [name, peer] : peers_) {
    if (peer->control->fd() >= 0) {
      fds->push_back({peer->control->fd(), POLLIN, 0});
    }
  }
}

void Peers::OnReadable(int fd) {
  const auto found = std::ranges::find_if(
      peers_, [fd](const auto& entry) { return entry.second->control->fd() == fd; });
  if (found != peers_.end()) {
    Read(found->second.get());
  }
}

void Peers::Read(Peer* peer) {
  for (const std::string& line : peer->control->Read()) {
    OnLine(peer, line);
  }
  TryPasses();
}

void Peers::OnLine(Peer* peer, const std::string& line) {
  const std::optional<PeerMessage> message = ParsePeerMessage(line);
  if (!message) {
    fmt::print(stderr, "lastack-host: peer {} wrote what is no message: {}\n", peer->name, line);
    return;
  }
  switch (message->event) {
    case PeerEvent::kHello:
      return OnHello(peer, *message);
    case PeerEvent::kSocket:
      if (std::optional<Fd> socket = peer->control->TakeDescriptor()) {
        peer->sockets[message->id] = std::move(*socket);
      }
      return;
    case PeerEvent::kForked:
      OnForked(peer, *message);
      break;
    case PeerEvent::kFinished:
    case PeerEvent::kFailed:
      peer->ended_calls.insert(message->id);
      break;
    case PeerEvent::kStarted:
      break;
  }
  output_->Line(fmt::format(R"({{"event": "peer", "peer": {}, "message": {}}})",
                            nlohmann::json(peer->name).dump(),
                            line));
  // A child that has already ended is announced after the line that introduces it.
  if (const auto ended = unclaimed_.find(static_cast<pid_t>(message->pid));
      message->event == PeerEvent::kForked && ended != unclaimed_.end()) {
    Announce(unclaimed_.extract(ended).mapped());
  }
}

void Peers::OnHello(Peer* peer, const PeerMessage& message) {
  if (!peer->spawn) {
    return;  // a forked child's
  }
  const int64_t id = *std::exchange(peer->spawn, std::nullopt);
  if (message.protocol == kProtocol) {
    output_->Ok(id, {{"pid", peer->pid}});
    return;
  }
  output_->Failed(id,
                  {ErrorKind::kUnsupported,
                   "peer " + peer->name + " speaks '" + message.protocol + "'",
                   "this host speaks " + std::string(kProtocol)});
  kill(peer->pid, SIGKILL);
}

void Peers::OnForked(Peer* peer, const PeerMessage& message) {
  std::optional<Fd> control = peer->control->TakeDescriptor();
  if (!control || peers_.contains(message.as)) {
    fmt::print(stderr, "lastack-host: cannot adopt the child {} of {}\n", message.as, peer->name);
    return;
  }
  auto child = std::make_unique<Peer>();
  child->name = message.as;
  child->pid = static_cast<pid_t>(message.pid);
  child->control = std::make_unique<ControlChannel>(std::move(*control));
  peers_[message.as] = std::move(child);
}

void Peers::OnEnded(const Ended& ended) {
  if (FindByPid(ended.pid) != nullptr) {
    Announce(ended);
  } else if (unclaimed_.size() < kMaxUnclaimed) {
    unclaimed_[ended.pid] = ended;
  }
}

void Peers::Announce(const Ended& ended) {
  Peer* peer = FindByPid(ended.pid);
  if (peer == nullptr) {
    return;
  }
  Read(peer);
  if (peer->spawn) {
    output_->Failed(*peer->spawn,
                    {ErrorKind::kSystem,
                     "peer " + peer->name + " " + DescribeEnd(ended.status) + " before its hello",
                     {}});
  } else {
    nlohmann::json event = {{"event", "exit"}, {"peer", peer->name}};
    AddEnd(ended, &event);
    output_->Event(event);
  }
  peers_.erase(std::string(peer->name));
  TryPasses();
}

void Peers::KillAll() {
  for (const auto& [name, peer] : peers_) {
    kill(peer->pid, SIGKILL);
  }
}

void Peers::TryPasses() {
  std::vector<PassRequest> waiting;
  for (PassRequest& pass : std::exchange(passes_, {})) {
    const std::optional<Status> done = TryPass(pass);
    if (!done) {
      waiting.push_back(std::move(pass));
    } else if (*done) {
      output_->Ok(pass.id, nlohmann::json::object());
    } else {
      output_->Failed(pass.id, done->error());
    }
  }
  passes_.insert(passes_.end(),
                 std::make_move_iterator(waiting.begin()),
                 std::make_move_iterator(waiting.end()));
}

// Nothing while the socket can still come.
std::optional<Status> Peers::TryPass(const PassRequest& pass) {
  const Result<Peer*> from = FindByName(pass.from);
  if (!from) {
    return Fail(from.error());
  }
  const Result<Peer*> to = FindByName(pass.to);
  if (!to) {
    return Fail(to.error());
  }
  const auto socket = (*from)->sockets.find(pass.call);
  if (socket != (*from)->sockets.end()) {
    Status written = (*to)->control->Write(pass.request, socket->second.get());
    (*from)->sockets.erase(socket);
    return written;
  }
  if ((*from)->ended_calls.contains(pass.call)) {
    return Fail(ErrorKind::kSystem, "peer " + pass.from + " has handed over no socket");
  }
  return std::nullopt;
}

Peers::Peer* Peers::FindByPid(pid_t pid) {
  const auto found =
      std::ranges::find_if(peers_, [pid](const auto& entry) { return entry.second->pid == pid; });
  return found == peers_.end() ? nullptr : found->second.get();
}

Result<Peers::Peer*> Peers::FindByName(const std::string& name) {
  const auto found = peers_.find(name);
  if (found == peers_.end()) {
    return Fail(ErrorKind::kSystem, "peer " + name + " is not running");
  }
  return found->second.get();
}

}  // namespace lastack

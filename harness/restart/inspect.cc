#include "restart/inspect.h"

#include <algorithm>
#include <map>

namespace lastack {
namespace {

constexpr int kMostOptions = 1000;

struct Holder {
  OuterProcess process;
  int fd = -1;
};

// By inode: who has a descriptor of the socket.
std::map<uint32_t, std::vector<Holder>> Holders(const std::vector<OuterProcess>& processes) {
  std::map<uint32_t, std::vector<Holder>> holders;
  for (const OuterProcess& process : processes) {
    for (const HeldSocket& socket : SocketsOf(process.pid)) {
      holders[socket.inode].push_back({process, socket.fd});
    }
  }
  return holders;
}

Result<SocketOptions> OptionsOf(const Holder& holder) {
  const Result<Fd> process = OpenProcess(holder.process.pid);
  return process ? ReadOptions(*process, holder.fd) : Fail(process.error());
}

}  // namespace

std::vector<ListenerSeen> InspectListeners(const std::vector<PortSocket>& sockets,
                                           const std::vector<OuterProcess>& processes) {
  const auto holders = Holders(processes);
  std::vector<ListenerSeen> listeners;
  for (const PortSocket& socket : sockets) {
    if (socket.state != State::kListen) {
      continue;
    }
    ListenerSeen& listener = listeners.emplace_back();
    listener.address = socket.local;
    listener.cookie = socket.cookie;
    const auto found = holders.find(socket.inode);
    if (found == holders.end()) {
      listener.problem = "none of its processes shows a descriptor of it";
      continue;
    }
    for (const Holder& holder : found->second) {
      listener.holders.push_back(holder.process.own);
    }
    const Result<SocketOptions> options = OptionsOf(found->second.front());
    if (options) {
      listener.options = *options;
    } else {
      listener.problem = options.error().message;
    }
  }
  return listeners;
}

AcceptedSeen InspectAccepted(const std::vector<PortSocket>& sockets,
                             const std::vector<OuterProcess>& processes) {
  const auto holders = Holders(processes);
  AcceptedSeen seen;
  for (const PortSocket& socket : sockets) {
    const auto found = holders.find(socket.inode);
    if (socket.state == State::kListen || socket.inode == 0 || found == holders.end() ||
        seen.read == kMostOptions) {
      continue;
    }
    if (const Result<SocketOptions> options = OptionsOf(found->second.front())) {
      ++seen.read;
      seen.reuseaddr += options->reuseaddr ? 1 : 0;
      seen.reuseport += options->reuseport ? 1 : 0;
      seen.linger_zero += options->linger == 0 ? 1 : 0;
    }
  }
  return seen;
}

std::vector<Left> GroupByState(const std::vector<PortSocket>& sockets) {
  std::map<State, Left> groups;
  std::map<State, bool> timeless;
  for (const PortSocket& socket : sockets) {
    if (socket.state == State::kListen || socket.kind == SampleKind::kRequest) {
      continue;
    }
    Left& group = groups[socket.state];
    group.state = socket.state;
    ++group.count;
    group.held += socket.inode != 0 ? 1 : 0;
    if (socket.kind == SampleKind::kTimeWait) {
      group.longest = std::max(group.longest.value_or(Duration{}), socket.expires);
    } else {
      timeless[socket.state] = true;
    }
  }
  std::vector<Left> list;
  for (auto& [state, group] : groups) {
    if (timeless[state]) {
      group.longest.reset();
    }
    list.push_back(group);
  }
  std::stable_sort(
      list.begin(), list.end(), [](const Left& a, const Left& b) { return a.count > b.count; });
  return list;
}

int CountWaiting(const std::vector<PortSocket>& sockets) {
  return static_cast<int>(
      std::count_if(sockets.begin(), sockets.end(), [](const PortSocket& socket) {
        return socket.kind == SampleKind::kRequest ||
               (socket.state == State::kEstablished && socket.inode == 0);
      }));
}

}  // namespace lastack

#include "restart/processes.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>

namespace lastack {
namespace {

namespace fs = std::filesystem;

template <typename Number>
std::optional<Number> ToNumber(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number)
                                                                  : std::nullopt;
}

std::vector<std::string> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;  // the process may end at any moment
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    names.push_back(at->path().filename().string());
  }
  return names;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The value of a line of /proc/PID/status.
std::string StatusValue(const std::string& status, const std::string& key) {
  const size_t at = status.find("\n" + key + ":\t");
  if (at == std::string::npos) {
    return "";
  }
  const size_t begin = at + key.size() + 3;
  return status.substr(begin, status.find('\n', begin) - begin);
}

struct ProcessStatus {
  pid_t parent = 0;
  bool alive = true;  // no zombie
  OuterProcess process;
};

std::optional<ProcessStatus> ReadStatus(pid_t pid) {
  const std::string status = "\n" + ReadFile("/proc/" + std::to_string(pid) + "/status");
  const auto parent = ToNumber<pid_t>(StatusValue(status, "PPid"));
  const std::string numbers = StatusValue(status, "NSpid");  // outermost first
  const auto inner = ToNumber<pid_t>(numbers.substr(numbers.rfind('\t') + 1));
  if (!parent || !inner) {
    return std::nullopt;
  }
  const bool alive = !StatusValue(status, "State").starts_with('Z');
  return ProcessStatus{*parent, alive, {pid, {*inner, StatusValue(status, "Name")}}};
}

// All processes by number. /proc lists by rising number, so of a process that forks and ends
// meanwhile the child is in the next listing: read on until a listing has nothing new.
std::map<pid_t, ProcessStatus> AllProcesses() {
  constexpr int kMostListings = 50;  // where new ones come all the time
  std::map<pid_t, ProcessStatus> all;
  std::set<pid_t> listed;
  bool is_new = true;
  for (int listing = 0; is_new && listing < kMostListings; ++listing) {
    is_new = false;
    for (const std::string& name : NamesIn("/proc")) {
      const auto pid = ToNumber<pid_t>(name);
      if (!pid || !listed.insert(*pid).second) {
        continue;
      }
      is_new = true;
      if (auto status = ReadStatus(*pid)) {
        all[*pid] = std::move(*status);
      }
    }
  }
  return all;
}

int GetInt(int socket, int level, int option) {
  int value = 0;
  socklen_t size = sizeof(value);
  return getsockopt(socket, level, option, &value, &size) == 0 ? value : 0;
}

}  // namespace

std::vector<OuterProcess> ProcessesUnder(pid_t host_pid) {
  const std::map<pid_t, ProcessStatus> all = AllProcesses();
  std::vector<OuterProcess> found;
  for (const auto& [pid, status] : all) {
    pid_t ancestor = status.parent;
    for (auto at = all.find(ancestor); ancestor != host_pid && at != all.end();
         at = all.find(ancestor)) {
      ancestor = at->second.parent;
    }
    if (ancestor == host_pid && status.alive) {
      found.push_back(status.process);
    }
  }
  return found;
}

Result<Fd> OpenProcess(pid_t pid) {
  // NOLINTNEXTLINE(*-vararg): the wrapper is too new
  Fd fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!fd.valid()) {
    return FailErrno("cannot open process " + std::to_string(pid));
  }
  return fd;
}

bool HasEnded(const Fd& process) {
  pollfd ended{.fd = process.get(), .events = POLLIN, .revents = 0};
  return poll(&ended, 1, 0) > 0;
}

Status SendSignal(const Fd& process, int signal) {
  // NOLINTNEXTLINE(*-vararg)
  if (syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0) != 0 && errno != ESRCH) {
    return FailErrno("cannot send a signal to the server");
  }
  return {};
}

std::vector<HeldSocket> SocketsOf(pid_t pid) {
  constexpr std::string_view kPrefix = "socket:[";
  const std::string folder = "/proc/" + std::to_string(pid) + "/fd";
  std::vector<HeldSocket> sockets;
  for (const std::string& name : NamesIn(folder)) {
    std::error_code error;
    const std::string target = fs::read_symlink(folder + "/" + name, error).string();
    if (error || !target.starts_with(kPrefix)) {
      continue;
    }
    const std::string number =
        target.substr(kPrefix.size(), target.size() - kPrefix.size() - 1);  // without the bracket
    const auto inode = ToNumber<uint32_t>(number);
    const auto fd = ToNumber<int>(name);
    if (inode && fd) {
      sockets.push_back({*fd, *inode});
    }
  }
  return sockets;
}

Result<SocketOptions> ReadOptions(const Fd& process, int fd) {
  // NOLINTNEXTLINE(*-vararg)
  const Fd socket(static_cast<int>(syscall(SYS_pidfd_getfd, process.get(), fd, 0)));
  if (!socket.valid()) {
    return FailErrno("cannot take a duplicate of the server's socket");
  }
  SocketOptions options;
  options.reuseaddr = GetInt(socket.get(), SOL_SOCKET, SO_REUSEADDR) != 0;
  options.reuseport = GetInt(socket.get(), SOL_SOCKET, SO_REUSEPORT) != 0;
  options.v6only = GetInt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY) != 0;
  options.defer_accept = GetInt(socket.get(), IPPROTO_TCP, TCP_DEFER_ACCEPT) != 0;
  linger linger_value{};
  socklen_t size = sizeof(linger_value);
  if (getsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &linger_value, &size) == 0 &&
      linger_value.l_onoff != 0) {
    options.linger = linger_value.l_linger;
  }
  return options;
}

}  // namespace lastack

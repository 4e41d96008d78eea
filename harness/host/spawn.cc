#include "host/spawn.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <thread>
#include <vector>

#include "host/as_user.h"

namespace lastack {
namespace {

constexpr int kControl = 3;

// What posix_spawn does in the child before the program runs.
class SpawnSetup {
 public:
  SpawnSetup() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawnattr_init(&attributes_);
    sigset_t set;
    sigemptyset(&set);
    posix_spawnattr_setsigmask(&attributes_, &set);
    sigaddset(&set, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes_, &set);
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  }
  ~SpawnSetup() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions_);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;
  SpawnSetup(SpawnSetup&&) = delete;
  SpawnSetup& operator=(SpawnSetup&&) = delete;

  // The child's descriptor `target` is this one.
  void Place(int descriptor, int target) {
    posix_spawn_file_actions_adddup2(&actions_, descriptor, target);
  }
  void CloseFrom(int descriptor) {
    posix_spawn_file_actions_addclosefrom_np(&actions_, descriptor);
  }

  // The program is looked for in PATH unless it is named by a path.
  [[nodiscard]] Result<pid_t> Spawn(std::vector<std::string> words) const {
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (std::string& word : words) {
      arguments.push_back(word.data());
    }
    arguments.push_back(nullptr);
    pid_t pid = -1;
    const int error =
        posix_spawnp(&pid, arguments[0], &actions_, &attributes_, arguments.data(), environ);
    if (error != 0) {
      return Fail(SystemError("cannot execute " + words.front(), error));
    }
    return pid;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

// The child takes the ids of the thread that spawns it, so another user's process is spawned by a
// thread that has become that user.
Result<pid_t> SpawnAs(const std::string& user,
                      const SpawnSetup& setup,
                      const std::vector<std::string>& words) {
  if (user.empty()) {
    return setup.Spawn(words);
  }
  Result<pid_t> pid = -1;
  std::thread([&] { pid = BecomeUser(user).and_then([&] { return setup.Spawn(words); }); }).join();
  return pid;
}

}  // namespace

Result<std::string> FindPeerProgram() {
  std::array<char, PATH_MAX> path{};
  const ssize_t length = readlink("/proc/self/exe", path.data(), path.size());
  if (length < 0) {
    return FailErrno("cannot read /proc/self/exe");
  }
  const std::string own(path.data(), static_cast<size_t>(length));
  const std::string folder = own.substr(0, own.rfind('/'));
  for (const std::string& candidate :
       {folder + "/lastack-peer", folder + "/../libexec/lastack/lastack-peer"}) {
    if (access(candidate.c_str(), X_OK) == 0) {
      return candidate;
    }
  }
  return Fail(ErrorKind::kSystem,
              "cannot find lastack-peer in " + folder + " or ../libexec/lastack",
              "build or install the whole of lastack");
}

Result<SpawnedProcess> SpawnPeer(const PeerCommand& command) {
  const Result<std::string> program =
      command.program.empty() ? FindPeerProgram() : Result<std::string>(command.program);
  if (!program) {
    return Fail(program.error());
  }
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return FailErrno("cannot make a control descriptor");
  }
  Fd host_end(ends[0]);
  const Fd peer_end(ends[1]);

  std::vector<std::string> words = {*program, "--control", std::to_string(kControl)};
  if (!command.on_term.empty()) {
    words.insert(words.end(), {"--on-term", command.on_term});
  }
  SpawnSetup setup;
  setup.Place(STDERR_FILENO, STDOUT_FILENO);
  setup.Place(peer_end.get(), kControl);
  setup.CloseFrom(kControl + 1);
  const Result<pid_t> pid = SpawnAs(command.user, setup, words);
  if (!pid) {
    return Fail(pid.error());
  }
  return SpawnedProcess{*pid, std::move(host_end)};
}

Result<SpawnedProgram> SpawnProgram(const ProgramCommand& command) {
  std::array<int, 2> ends{};
  if (command.words.empty() || pipe2(ends.data(), O_CLOEXEC) != 0) {
    return FailErrno("cannot make a pipe for a program's output");
  }
  Fd output(ends[0]);
  const Fd write_end(ends[1]);
  if (fcntl(output.get(), F_SETFL, O_NONBLOCK) != 0) {
    return FailErrno("cannot make a program's output non-blocking");
  }
  SpawnSetup setup;
  setup.Place(write_end.get(), STDOUT_FILENO);
  setup.Place(write_end.get(), STDERR_FILENO);
  setup.CloseFrom(STDERR_FILENO + 1);
  const Result<pid_t> pid = SpawnAs(command.user, setup, command.words);
  if (!pid) {
    return Fail(pid.error());
  }
  return SpawnedProgram{*pid, std::move(output)};
}

}  // namespace lastack
